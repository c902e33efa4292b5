/** Injected into the server: each event is followed by a comment of `bytes` in all, a line that readers ignore. */
import { alterEventWrites } from './event-writes.ts'
import { readSetting } from './setting.ts'

const paddingBytes = readSetting(import.meta.url, 'bytes')
const padding = Buffer.from(`:${'.'.repeat(paddingBytes - 3)}\n\n`)

alterEventWrites((bytes, events) => Buffer.concat([bytes, ...Array<Buffer>(events).fill(padding)]))
