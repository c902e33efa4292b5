/**
 * Injected into the server: its event loop stands still for `stallMs` in every `everyMs`, beginning `afterMs` after the
 * source was last set. A window of whole periods then begins and ends outside a stall. Otherwise the command that ends
 * the window would be stalled itself and the window longer by part of a stall.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { readSetting } from './setting.ts'

const stallMs = readSetting(import.meta.url, 'stallMs')
const everyMs = readSetting(import.meta.url, 'everyMs')
const afterMs = readSetting(import.meta.url, 'afterMs')
const asleep = new Int32Array(new SharedArrayBuffer(4))
let timer: NodeJS.Timeout | undefined
let dueMs = 0

subscribe('http.server.request.start', message => {
  const { request } = message as { readonly request: IncomingMessage }
  if (request.method !== 'PUT' || request.url !== '/api/source') return
  clearTimeout(timer)
  dueMs = performance.now() + afterMs
  arm()
})

function arm(): void {
  timer = setTimeout(stall, Math.max(0, dueMs - performance.now()))
}

/** Asleep, not busy: the other processes of the machine keep their share of the CPU. */
function stall(): void {
  Atomics.wait(asleep, 0, 0, dueMs + stallMs - performance.now())
  dueMs += everyMs
  arm()
}
