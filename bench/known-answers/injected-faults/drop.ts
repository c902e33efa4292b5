/** Injected into the server: one delivery in every `of` is thrown away, as if it had been written. */
import { alterEventWrites } from './event-writes.ts'
import { readSetting } from './setting.ts'

const of = readSetting(import.meta.url, 'of')
let left = of

alterEventWrites((bytes, events) => {
  left -= events
  // A write of several events is left alone: one event is to be lost, not a batch.
  if (left > 0 || events > 1) return bytes
  left += of
  return null
})
