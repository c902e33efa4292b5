/**
 * Injected into the server: `bytes` are kept for each connection that it accepts. They come from one slab that is not
 * resident until it is written to, so that neither allocator nor garbage collector adds to them.
 */
import { subscribe } from 'node:diagnostics_channel'
import { readSetting } from './setting.ts'

const keptBytes = readSetting(import.meta.url, 'bytes')
const slab = Buffer.allocUnsafeSlow(20_000 * keptBytes)
let connections = 0

subscribe('net.server.socket', () => {
  slab.fill(1, connections * keptBytes, (connections + 1) * keptBytes)
  connections++
})
