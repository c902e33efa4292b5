import { CONTROLS } from '../../../server/protocol/wire.ts'
import { decodeControl, decodeCursor, decodeEvent } from './decode.ts'
import { lossBy, type Transport } from './transport.ts'

/** `EventSource.CLOSED`: it has given up. */
const CLOSED = 2

/** Server-Sent Events: *since, then follow*, in one answer without an end. EventSource itself reconnects after a cut. */
export const sse: Transport = link => {
  const { environment, signal } = link
  const { EventSource, now } = environment

  link.requestStarted()
  const source = new EventSource(link.address())
  signal.addEventListener('abort', () => source.close())

  source.addEventListener('message', ({ data, lastEventId }) => {
    const receivedAt = now()
    const event = decodeEvent(data)
    const cursor = decodeCursor(lastEventId)
    if (event === null || cursor === null) return link.ended(lossBy('broken'))
    link.bytesReceived()
    link.events([event], cursor.epoch, receivedAt)
  })

  for (const name of CONTROLS) {
    source.addEventListener(name, ({ data, lastEventId }) => {
      const control = decodeControl(name, data, lastEventId)
      if (control === null) return link.ended(lossBy('broken'))
      link.bytesReceived()
      link.control(control)
    })
  }

  source.addEventListener('error', () => {
    // For an EventSource any status but 200 and any other content type is final, and it does not say which it was: a
    // proxy's passing 502 looks like a refusal. So the link is lost, and never refused for good.
    if (source.readyState === CLOSED) link.ended(lossBy('refused'))
    // It reconnects by itself, after the delay that `retry` named and with its place in Last-Event-ID.
    else link.reconnecting()
  })

  return {}
}
