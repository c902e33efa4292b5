/** The load process: answers the bench over IPC. */
import { answerCalls } from '../processes/rpc.ts'
import { createLoad } from './load-commands.ts'

createLoad(answerCalls)
