/** Injected into the load process: it runs for a `share` of each period and stands still for the rest. */
import { readSetting } from './setting.ts'

const periodMs = readSetting(import.meta.url, 'periodMs')
const share = readSetting(import.meta.url, 'share')
const asleep = new Int32Array(new SharedArrayBuffer(4))

setInterval(() => Atomics.wait(asleep, 0, 0, periodMs * (1 - share)), periodMs)
