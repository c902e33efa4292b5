import { ask } from './request.ts'
import type { Transport } from './transport.ts'

/** Polling: *since*, again and again. Ask what is new, be answered at once, rest until the interval is over. */
export const poll: Transport = reader => {
  const { environment, signal } = reader
  const { clearTimeout, monotonicMs, setTimeout } = environment
  let startedMs = 0
  let rest: unknown = null

  signal.addEventListener('abort', wakeUp)
  void askAgain()
  return { repace }

  async function askAgain(): Promise<void> {
    startedMs = monotonicMs()
    reader.asked()
    reader.doing({ name: 'asking' })
    // Not `no-store`: the browser then keeps the last answer and asks with its ETag, and nothing new costs a 304.
    const answer = await ask(reader, reader.address(), 'no-cache')
    if (answer.ending !== null) return reader.ended(answer.ending)
    if (answer.batch !== null) reader.batch(answer.batch, answer.receivedAt)
    if (signal.aborted) return
    // Whoever announces more and brings nothing would be asked without a pause.
    if (answer.batch?.more === true && answer.batch.events.length > 0) return void askAgain()
    lieDown()
  }

  /** From start to start, so that the answer's own time does not stretch the interval. */
  function lieDown(): void {
    const untilMs = startedMs + reader.pace.pollIntervalMs
    rest = setTimeout(getUp, Math.max(0, untilMs - monotonicMs()))
    reader.doing({ name: 'resting', untilMs })
  }

  function getUp(): void {
    rest = null
    void askAgain()
  }

  function wakeUp(): void {
    clearTimeout(rest)
    rest = null
  }

  function repace(): void {
    if (rest === null) return
    wakeUp()
    lieDown()
  }
}
