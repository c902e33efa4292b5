/** Long polling on one keep-alive connection: send a request, wait for the batch, send the next at once. */
import type { FleetTechnique } from './fleet-technique.ts'
import { createRequestFormat } from './http-head.ts'
import { createPollAnswers, POLL_ANSWERS } from './poll-answers.ts'

export const longPoll: FleetTechnique = {
  createReader(context) {
    const formatRequest = createRequestFormat('long-poll', context.host)
    const answers = createPollAnswers(context, request)

    return { start: request, read: answers.read, pause() {}, resume() {} }

    function request(): void {
      context.send(formatRequest(answers.cursor))
    }
  },

  formatRequest: (host, cursor) => createRequestFormat('long-poll', host)(cursor),
  ...POLL_ANSWERS,
}
