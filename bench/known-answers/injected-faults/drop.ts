/** Injected into the server: one delivery of every `of` is thrown away as if it had been written. */
import { alterEventWrites } from './event-writes.ts'
import { readSetting } from './setting.ts'

const of = readSetting(import.meta.url, 'of')
let left = of

alterEventWrites((bytes, events) => {
  left -= events
  // Of a write with several events all would be lost, so the next one with a single event is taken.
  if (left > 0 || events > 1) return bytes
  left += of
  return null
})
