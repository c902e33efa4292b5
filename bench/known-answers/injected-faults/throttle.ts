/** Injected into the load process: it is given only a share of the time, the rest of each period it stands still. */
import { readSetting } from './setting.ts'

const periodMs = readSetting(import.meta.url, 'periodMs')
const share = readSetting(import.meta.url, 'share')
const asleep = new Int32Array(new SharedArrayBuffer(4))

setInterval(() => Atomics.wait(asleep, 0, 0, periodMs * (1 - share)), periodMs)
