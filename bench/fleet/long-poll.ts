/** Long polling on a raw keep-alive socket: ask, wait until there is a batch, ask again at once. */
import { TRAITS } from '../../server/protocol/techniques.ts'
import { createAnswers } from './answers.ts'
import { type CreateReader, pathFrom } from './reader.ts'

export const createLongPollReader: CreateReader = context => {
  const answers = createAnswers(context, ask)

  return { start: ask, read: answers.read, pause() {}, resume() {} }

  function ask(): void {
    const path = pathFrom(TRAITS['long-poll'].endpoint, answers.cursor)
    context.send(`GET ${path} HTTP/1.1\r\nHost: ${context.host}\r\nAccept: application/json\r\n\r\n`)
  }
}
