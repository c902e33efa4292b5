/** Events and control messages as one JSON text each: the payload of a WebSocket frame, or a line. */
import type { ControlFrame, LabEvent } from '../../server/protocol/wire.ts'
import type { ReaderContext } from './fleet-technique.ts'
import { failOnControl, takeHello } from './stream-reader.ts'

/** The beginning of an event; every other text is a control message. */
const SEQ_KEY = Buffer.from('{"seq":')

/** Handles the text from `start` to `end`. */
export type TakeText = (bytes: Buffer, start: number, end: number) => void

export function createTextReader(context: ReaderContext): TakeText {
  return takeText

  function takeText(bytes: Buffer, start: number, end: number): void {
    if (bytes.compare(SEQ_KEY, 0, SEQ_KEY.length, start, start + SEQ_KEY.length) !== 0) {
      takeControl(JSON.parse(bytes.toString('utf8', start, end)) as ControlFrame)
    } else if (context.sentinel) {
      const event = JSON.parse(bytes.toString('utf8', start, end)) as LabEvent
      context.onEvent(event.seq, event.at)
    } else {
      context.onEvent(readSeq(bytes, start + SEQ_KEY.length), null)
    }
  }

  function takeControl(message: ControlFrame): void {
    if (message.control === 'hello') takeHello(context, message)
    else if (message.control !== 'heartbeat') failOnControl(message.control)
  }
}

/** The digits that begin at `start`, as a number. */
export function readSeq(bytes: Buffer, start: number): number {
  let seq = 0
  for (let index = start; ; index++) {
    const digit = (bytes[index] ?? 0) - 48
    if (digit < 0 || digit > 9) return seq
    seq = seq * 10 + digit
  }
}
