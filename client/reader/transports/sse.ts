import { CONTROLS, parseCursor } from '../../../server/protocol/wire.ts'
import { decodeControl, decodeEvent } from './decode.ts'
import type { Ending, Transport } from './transport.ts'

/** `EventSource.CLOSED`: it has given up. */
const CLOSED = 2
const BROKEN: Ending = { final: false, floorMs: 0, why: 'broken' }
const REFUSED: Ending = { final: false, floorMs: 0, why: 'refused' }

/** Server-Sent Events: *since, then follow*, in one answer without an end. EventSource itself returns after a cut. */
export const sse: Transport = reader => {
  const { environment, signal } = reader
  const { EventSource, now } = environment

  reader.asked()
  const source = new EventSource(reader.address())
  signal.addEventListener('abort', () => source.close())

  source.addEventListener('message', ({ data, lastEventId }) => {
    const receivedAt = now()
    const event = decodeEvent(data)
    const cursor = parseCursor(lastEventId ?? '')
    if (event === null || cursor === null) return reader.ended(BROKEN)
    reader.heard()
    reader.events([event], cursor.epoch, receivedAt)
  })

  for (const control of CONTROLS) {
    source.addEventListener(control, ({ data, lastEventId }) => {
      const frame = decodeControl(control, data, lastEventId)
      if (frame === null) return reader.ended(BROKEN)
      reader.heard()
      reader.control(frame)
    })
  }

  source.addEventListener('error', () => {
    // Any status but 200 and any other content type is final for an EventSource, and it tells nobody which it was:
    // a proxy's passing 502 looks like a refusal. So one that has given up is revived, never believed.
    if (source.readyState === CLOSED) reader.ended(REFUSED)
    // It comes back by itself, after the delay that `retry` named and with its place in Last-Event-ID.
    else reader.returning()
  })

  return {}
}
