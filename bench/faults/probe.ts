/**
 * Preloaded (`--import`) into a server under test, so that the server needs no endpoint through which it can be hurt.
 * It ends the process when the one that started it is gone.
 */
import { setTimeout as delay } from 'node:timers/promises'

export type ProbeCommand =
  /** Blocks the event loop for so many milliseconds, as a slow computation would. */
  | { readonly block: number }
  /** Collects garbage, then sends a `Measurement`. */
  | { readonly measure: true }

export interface Measurement {
  readonly heapUsedBytes: number
  /** The heap and what lies outside of it: buffers that wait to be written. */
  readonly heldBytes: number
  readonly rssBytes: number
  /** The kinds of the resources that keep the event loop alive, one entry for each resource. */
  readonly resources: readonly string[]
}

/** Two rounds: what finalizers release in the first one is freed in the second. */
const GC_ROUNDS = 2

process.on('message', (command: ProbeCommand) => {
  if ('block' in command) block(command.block)
  else void measure()
})
process.on('disconnect', () => process.exit())
// The channel alone must not keep the process alive.
process.channel?.unref()

function block(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
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
