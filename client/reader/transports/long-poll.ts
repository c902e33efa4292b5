import { ask } from './request.ts'
import type { Transport } from './transport.ts'

/** Asks that bring nothing start no closer together, whoever answers them although they should be held. */
const EMPTY_LEAST_MS = 250

/**
 * Long polling: *since, or else the first thing that follows*. Ask, be held until there is news, ask again. The first
 * ask of a link is not held: its answer is what the hello is to a stream, and shows soon whether anybody answers.
 */
export const longPoll: Transport = reader => {
  const { environment, signal } = reader
  const { clearTimeout, monotonicMs, setTimeout } = environment
  let waitSeconds = 0
  let rest: unknown = null

  signal.addEventListener('abort', () => clearTimeout(rest))
  void askFirst()
  return { repace }

  async function askFirst(): Promise<void> {
    waitSeconds = 0
    reader.asked()
    reader.doing({ name: 'asking' })
    if (await answered()) void askAgain()
  }

  async function askAgain(): Promise<void> {
    const startedMs = monotonicMs()
    waitSeconds = reader.pace.waitSeconds
    reader.asked(waitSeconds * 1000)
    reader.doing({ name: 'holding', sinceMs: startedMs })
    const before = reader.address()
    if (!(await answered())) return
    const untilMs = startedMs + EMPTY_LEAST_MS
    if (reader.address() !== before || monotonicMs() >= untilMs) return void askAgain()
    reader.doing({ name: 'resting', untilMs })
    rest = setTimeout(() => void askAgain(), untilMs - monotonicMs())
  }

  /** Whether to go on after the answer. */
  async function answered(): Promise<boolean> {
    // `no-store`, because Chromium lets requests for one and the same address wait for each other at its cache.
    const answer = await ask(reader, reader.address({ wait: String(waitSeconds) }), 'no-store')
    if (answer.ending !== null) reader.ended(answer.ending)
    if (answer.batch !== null) reader.batch(answer.batch, answer.receivedAt)
    return !signal.aborted
  }

  /** A held ask cannot be given another wait. */
  function repace(): void {
    if (waitSeconds !== 0 && waitSeconds !== reader.pace.waitSeconds) reader.repaced()
  }
}
