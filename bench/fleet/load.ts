/** The load process: answers the bench over IPC. */
import { answerBench } from '../processes/rpc.ts'
import { createLoad } from './load-commands.ts'

answerBench(createLoad())
