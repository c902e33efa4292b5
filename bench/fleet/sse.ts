/** Server-Sent Events on a raw socket: one response whose body is blocks that end with a blank line. */
import type { Hello, LabEvent } from '../../server/protocol/wire.ts'
import type { FleetTechnique } from './fleet-technique.ts'
import { createRequestFormat } from './http-head.ts'
import {
  checkHttpStream,
  createStreamReader,
  failOnControl,
  findSecondUnit,
  takeHello,
} from './stream-reader.ts'
import { readSeq } from './text-reader.ts'

const END_OF_BLOCK = Buffer.from('\n\n')
const LINE_FEED = 10
const LETTER_D = 100
const DATA = 'data: '
const ID_AND_EPOCH = 'id: k3f9x2ab7q-'

export const sse: FleetTechnique = {
  createReader(context) {
    const request = sse.formatRequest(context.host, context.from)
    return createStreamReader(context, request, checkHttpStream, takeBlock)

    function takeBlock(bytes: Buffer, start: number): number {
      const end = bytes.indexOf(END_OF_BLOCK, start)
      if (end === -1) return -1
      // An event is `data:` and then `id:`; every control message begins with another field.
      if (bytes[start] === LETTER_D) takeEvent(bytes, start, end)
      else takeControl(bytes.toString('utf8', start, end))
      return end + END_OF_BLOCK.length
    }

    function takeEvent(bytes: Buffer, start: number, end: number): void {
      const idLine = bytes.lastIndexOf(LINE_FEED, end - 1) + 1
      const seq = readSeq(bytes, idLine + ID_AND_EPOCH.length)
      if (!context.sentinel) {
        context.onEvent(seq, null)
        return
      }
      const event = JSON.parse(bytes.toString('utf8', start + DATA.length, idLine - 1)) as LabEvent
      if (event.seq !== seq) throw new Error(`the id says ${seq}, the event ${event.seq}`)
      context.onEvent(seq, event.at)
    }

    function takeControl(block: string): void {
      const name = /^event: (.*)$/m.exec(block)?.[1]
      if (name === 'hello') takeHello(context, JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '') as Hello)
      else if (name !== undefined && name !== 'heartbeat') failOnControl(name)
    }
  },

  formatRequest: (host, cursor) => createRequestFormat('sse', host)(cursor),

  findPayload: findSecondUnit((bytes, start) => {
    const end = bytes.indexOf(END_OF_BLOCK, start)
    return end === -1 ? -1 : end + END_OF_BLOCK.length
  }),

  encode: {
    hello: (_request, hello) =>
      Buffer.from(
        `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: ${hello.cursor}\nevent: hello\ndata: ${JSON.stringify(hello)}\n\n`,
      ),
    events: events =>
      Buffer.from(events.map(({ cursor, text }) => `data: ${text}\nid: ${cursor}\n\n`).join('')),
  },
}
