import { request } from './request.ts'
import type { Transport } from './transport.ts'

/** Polling: *since*, again and again. Each request is answered at once; the next one starts an interval later. */
export const poll: Transport = link => {
  const { environment, signal } = link
  const { clearTimeout, monotonicMs, setTimeout } = environment
  let startedMs = 0
  let schedule: unknown = null

  signal.addEventListener('abort', cancelSchedule)
  void requestNext()
  return { paceChanged }

  async function requestNext(): Promise<void> {
    schedule = null
    startedMs = monotonicMs()
    link.requestStarted()
    link.stateChanged({ name: 'requesting' })
    // Not `no-store`: the browser then keeps the last answer and sends its ETag, and nothing new costs a 304.
    const { batch, ending, receivedAt } = await request(link, link.address(), 'no-cache')
    if (ending !== null) return link.ended(ending)
    if (batch !== null) link.batch(batch, receivedAt)
    if (signal.aborted) return
    // A batch that announces more and holds nothing would make this a loop without a pause.
    if (batch?.more === true && batch.events.length > 0) return void requestNext()
    scheduleNext()
  }

  /** From start to start, so that the time of the answer does not stretch the interval. */
  function scheduleNext(): void {
    const untilMs = startedMs + link.pace.pollIntervalMs
    schedule = setTimeout(() => void requestNext(), Math.max(0, untilMs - monotonicMs()))
    link.stateChanged({ name: 'resting', untilMs })
  }

  function cancelSchedule(): void {
    clearTimeout(schedule)
    schedule = null
  }

  function paceChanged(): void {
    if (schedule === null) return
    cancelSchedule()
    scheduleNext()
  }
}
