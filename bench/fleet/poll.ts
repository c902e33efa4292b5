/**
 * Polling on a raw keep-alive socket: ask, take the batch, ask again one interval after the last ask; with an interval
 * of 0 at once (a closed loop).
 */
import { TRAITS } from '../../server/protocol/techniques.ts'
import { createAnswers } from './answers.ts'
import { type CreateReader, pathFrom } from './reader.ts'

export const createPollReader: CreateReader = context => {
  let paused = false
  let asking = false
  let dueMs = 0
  let timer: NodeJS.Timeout | null = null
  const answers = createAnswers(context, onAnswered)

  return { start: ask, read: answers.read, pause, resume }

  function ask(): void {
    asking = true
    const path = pathFrom(TRAITS.poll.endpoint, answers.cursor)
    context.send(`GET ${path} HTTP/1.1\r\nHost: ${context.host}\r\nAccept: application/json\r\n\r\n`)
  }

  function onAnswered(more: boolean): void {
    asking = false
    if (more || (context.pollIntervalMs() === 0 && !paused)) ask()
    else if (!paused) rest()
  }

  /** Asks are due a whole number of intervals after the phase: a slow answer skips a turn, it shifts nothing. */
  function rest(): void {
    const nowMs = performance.now()
    const intervalMs = context.pollIntervalMs()
    if (dueMs === 0) dueMs = nowMs + context.random() * intervalMs
    while (dueMs <= nowMs) dueMs += intervalMs
    timer = setTimeout(askInTurn, dueMs - nowMs)
  }

  /** A timer may fire a little early: this turn is over all the same, or an answer that is quick would be asked for twice. */
  function askInTurn(): void {
    timer = null
    dueMs += context.pollIntervalMs()
    ask()
  }

  function pause(): void {
    paused = true
    if (timer !== null) clearTimeout(timer)
    timer = null
  }

  function resume(): void {
    paused = false
    dueMs = 0
    if (asking || timer !== null) return
    if (context.pollIntervalMs() === 0) ask()
    else rest()
  }
}
