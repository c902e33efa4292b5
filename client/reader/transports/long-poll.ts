import { request } from './request.ts'
import type { Transport } from './transport.ts'

/** Requests that bring nothing start at least this far apart, even if a proxy answers what should be held. */
const EMPTY_LEAST_MS = 250

/**
 * Long polling: *since, or else the first thing that follows*. Each request is held until there is news; the next one
 * follows its answer at once. The first request of a link is not held: its answer is what the hello is to a stream, and
 * soon shows whether anything answers at all.
 */
export const longPoll: Transport = link => {
  const { environment, signal } = link
  const { clearTimeout, monotonicMs, setTimeout } = environment
  let waitSeconds = 0
  let schedule: unknown = null

  signal.addEventListener('abort', () => clearTimeout(schedule))
  void requestFirst()
  return { paceChanged }

  async function requestFirst(): Promise<void> {
    link.requestStarted()
    link.stateChanged({ name: 'requesting' })
    await exchange()
    if (!signal.aborted) void requestNext()
  }

  async function requestNext(): Promise<void> {
    const startedMs = monotonicMs()
    waitSeconds = link.pace.waitSeconds
    link.requestStarted(waitSeconds * 1000)
    link.stateChanged({ name: 'holding', sinceMs: startedMs })
    const hasMoved = await exchange()
    if (signal.aborted) return
    const untilMs = startedMs + EMPTY_LEAST_MS
    if (hasMoved || monotonicMs() >= untilMs) return void requestNext()
    link.stateChanged({ name: 'resting', untilMs })
    schedule = setTimeout(() => void requestNext(), untilMs - monotonicMs())
  }

  /** Resolves to whether the answer moved the reader's place. */
  async function exchange(): Promise<boolean> {
    const address = link.address({ wait: String(waitSeconds) })
    // `no-store`, because Chromium lets requests for the same address wait for each other at its cache.
    const { batch, ending, receivedAt } = await request(link, address, 'no-store')
    if (ending !== null) link.ended(ending)
    return batch !== null && link.batch(batch, receivedAt)
  }

  /** A request that is held cannot be given another wait. */
  function paceChanged(): void {
    if (waitSeconds !== 0 && waitSeconds !== link.pace.waitSeconds) link.reopen()
  }
}
