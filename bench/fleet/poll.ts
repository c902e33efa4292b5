/**
 * Polling on one keep-alive connection: send a request, take the batch, send the next one interval after the last; with
 * an interval of 0 at once (a closed loop).
 */
import type { FleetTechnique } from './fleet-technique.ts'
import { createRequestFormat } from './http-head.ts'
import { createPollAnswers, POLL_ANSWERS } from './poll-answers.ts'

export const poll: FleetTechnique = {
  createReader(context) {
    const formatRequest = createRequestFormat('poll', context.host)
    const answers = createPollAnswers(context, onAnswered)
    let paused = false
    let waiting = false
    let dueMs = 0
    let timer: NodeJS.Timeout | null = null

    return { start: request, read: answers.read, pause, resume }

    function request(): void {
      waiting = true
      context.send(formatRequest(answers.cursor))
    }

    function onAnswered(more: boolean): void {
      waiting = false
      if (more || (context.pollIntervalMs() === 0 && !paused)) request()
      else if (!paused) schedule()
    }

    /** Requests are due at whole intervals after the phase: a slow answer skips turns but does not shift the later ones. */
    function schedule(): void {
      const nowMs = performance.now()
      const intervalMs = context.pollIntervalMs()
      if (dueMs === 0) dueMs = nowMs + context.random() * intervalMs
      while (dueMs <= nowMs) dueMs += intervalMs
      timer = setTimeout(requestInTurn, dueMs - nowMs)
    }

    /** A timer may fire a little early. Its turn is over all the same, or a quick answer would start a second request in it. */
    function requestInTurn(): void {
      timer = null
      dueMs += context.pollIntervalMs()
      request()
    }

    function pause(): void {
      paused = true
      if (timer !== null) clearTimeout(timer)
      timer = null
    }

    function resume(): void {
      paused = false
      dueMs = 0
      if (waiting || timer !== null) return
      if (context.pollIntervalMs() === 0) request()
      else schedule()
    }
  },

  formatRequest: (host, cursor) => createRequestFormat('poll', host)(cursor),
  ...POLL_ANSWERS,
}
