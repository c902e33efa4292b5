/**
 * Preloaded (`--import`) into a server that is to be hurt from within, so that the server itself needs no endpoint for it.
 * It ends with whoever started it.
 */
import { setTimeout as delay } from 'node:timers/promises'

export type ProbeQuestion =
  /** Stands still for so long, as a slow computation would. */
  | { readonly block: number }
  /** Collects garbage, then says what is left. */
  | { readonly measure: true }

export interface Measurement {
  readonly heapUsedBytes: number
  /** Heap, and what lies outside of it: buffers that wait to be written. */
  readonly heldBytes: number
  readonly rssBytes: number
  /** What keeps the event loop busy, by kind. */
  readonly resources: readonly string[]
}

/** Twice: what finalizers let go in the first round is freed in the second. */
const GC_ROUNDS = 2

process.on('message', (question: ProbeQuestion) => {
  if ('block' in question) block(question.block)
  else void measure()
})
process.on('disconnect', () => process.exit())
// The channel alone keeps nobody alive.
process.channel?.unref()

function block(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

async function measure(): Promise<void> {
  for (let round = 0; round < GC_ROUNDS; round += 1) {
    globalThis.gc?.()
    await delay(20)
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  const measurement: Measurement = {
    heapUsedBytes: heapUsed,
    heldBytes: heapUsed + external,
    rssBytes: rss,
    resources: process.getActiveResourcesInfo(),
  }
  process.send?.(measurement)
}
