import { ask } from './ask.ts'
import type { Transport } from './transport.ts'

/** Long polling: *since, or else the first thing that follows*. Ask, be held until there is news, ask again. */
export const longPoll: Transport = reader => {
  const { environment, signal } = reader
  const { monotonicMs } = environment
  let waitSeconds = 0

  void askAgain()
  return { repace }

  async function askAgain(): Promise<void> {
    waitSeconds = reader.pace.waitSeconds
    reader.asked()
    reader.doing({ name: 'holding', sinceMs: monotonicMs() })
    // `no-store`, because Chromium lets requests for one and the same address wait for each other at its cache.
    const answer = await ask(reader, reader.address({ wait: String(waitSeconds) }), 'no-store')
    if (answer.ending !== null) return reader.ended(answer.ending)
    if (answer.batch !== null) reader.batch(answer.batch, answer.receivedAt)
    if (!signal.aborted) void askAgain()
  }

  /** A held ask cannot be given another wait. */
  function repace(): void {
    if (waitSeconds !== reader.pace.waitSeconds) reader.reopen()
  }
}
