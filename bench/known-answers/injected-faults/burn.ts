/** Injected into the server: for each event that is written to a reader, `us` microseconds of CPU are burnt. */
import { alterEventWrites } from './event-writes.ts'
import { readSetting } from './setting.ts'

const burntMs = readSetting(import.meta.url, 'us') / 1000
let owedMs = 0

/**
 * All at once, after the writes of the turn. Between the writes it would give the readers time to fall asleep, and waking
 * each of them costs the server more than what is burnt.
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
