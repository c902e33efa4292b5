/** Injected into the server: burns CPU time for each event that is written to a reader. */
import { alterEventWrites } from './event-writes.ts'
import { readSetting } from './setting.ts'

const burntMs = readSetting(import.meta.url, 'us') / 1000
let owedMs = 0

/**
 * In one piece after the writes of a turn. Burnt between them it would give the readers time to wake up, and waking
 * each of them by itself costs the server more than what is burnt.
 */
alterEventWrites((bytes, events) => {
  if (owedMs === 0 && burntMs > 0) setImmediate(burn)
  owedMs += burntMs * events
  return bytes
})

function burn(): void {
  const untilMs = performance.now() + owedMs
  owedMs = 0
  while (performance.now() < untilMs);
}
