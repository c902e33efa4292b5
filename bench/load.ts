/** The load process: answers the bench over IPC. */
import { answerBench } from './conversation.ts'
import { createLoad } from './load-commands.ts'

answerBench(createLoad())
