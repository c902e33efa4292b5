/** Injected into the server: each event is followed by an SSE comment, which readers ignore, of `bytes` in all. */
import { alterEventWrites } from './event-writes.ts'
import { readSetting } from './setting.ts'

const paddingBytes = readSetting(import.meta.url, 'bytes')
const padding = Buffer.from(`:${'.'.repeat(paddingBytes - 3)}\n\n`)

alterEventWrites((bytes, events) => Buffer.concat([bytes, ...Array<Buffer>(events).fill(padding)]))
