/** Fetch streaming on a raw socket: one response whose body is lines of JSON, one text each. */
import type { FleetTechnique } from './fleet-technique.ts'
import { createRequestFormat } from './http-head.ts'
import { checkHttpStream, createStreamReader, findSecondUnit } from './stream-reader.ts'
import { createTextReader } from './text-reader.ts'

const LINE_FEED = 10
const HELLO_BYTES = 1024

export const fetchStream: FleetTechnique = {
  createReader(context) {
    const request = fetchStream.formatRequest(context.host, context.from)
    const takeText = createTextReader(context)
    return createStreamReader(context, request, checkHttpStream, takeLine)

    function takeLine(bytes: Buffer, start: number): number {
      const end = bytes.indexOf(LINE_FEED, start)
      if (end === -1) return -1
      takeText(bytes, start, end)
      return end + 1
    }
  },

  formatRequest: (host, cursor) => createRequestFormat('fetch-stream', host)(cursor),

  findPayload: findSecondUnit((bytes, start) => bytes.indexOf(LINE_FEED, start) + 1 || -1),

  encode: {
    hello: (_request, hello) =>
      Buffer.from(
        `HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n${JSON.stringify({ control: 'hello', ...hello }).padEnd(HELLO_BYTES - 1)}\n`,
      ),
    events: events => Buffer.from(events.map(({ text }) => `${text}\n`).join('')),
  },
}
