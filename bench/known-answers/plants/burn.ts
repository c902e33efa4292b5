/** Planted into the server: so many microseconds of CPU are burnt for each event that is written to a reader. */
import { alterEventWrites } from './event-writes.ts'
import { readSetting } from './setting.ts'

const burntMs = readSetting(import.meta.url, 'us') / 1000
/** What one look at the clock takes: without it, each burning would be half of that too long. */
const lookMs = timeLook()

alterEventWrites((bytes, events) => {
  if (burntMs === 0) return bytes
  const untilMs = performance.now() + burntMs * events - lookMs
  while (performance.now() < untilMs);
  return bytes
})

function timeLook(): number {
  const looks = 20_000
  const beganMs = performance.now()
  for (let count = 0; count < looks; count++) performance.now()
  return (performance.now() - beganMs) / looks
}
