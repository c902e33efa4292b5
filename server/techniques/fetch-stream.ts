import type { FastifyInstance } from 'fastify'
import type { Envelope } from '../delivery/fanout.ts'
import { createHttpStreams } from '../delivery/http-stream.ts'
import { type ControlFrame, formatCursor } from '../protocol/wire.ts'
import { placeOf, routeOf, type TechniqueContext, type TechniqueHandle } from './technique.ts'

/** Fetch streaming: *since*, then *follow*, as lines of JSON in one answer that does not end. */
export function openFetchStream(app: FastifyInstance, context: TechniqueContext): TechniqueHandle {
  const streams = createHttpStreams({
    ...context,
    envelope: ndjsonEnvelope,
    contentType: 'application/x-ndjson; charset=utf-8',
  })
  app.route({
    ...routeOf('fetch-stream'),
    handler: (request, reply) => streams.answer(request, reply, placeOf(request)),
  })
  app.addHook('onClose', async () => streams.close())

  return streams
}

/** Safari hands nothing of a body to the page before 512 to 1,024 bytes of it have come, so the hello is made this long. */
const HELLO_BYTES = 1024

/** One line for each event, which is its bare text: JSON.stringify escapes every line feed. */
export const ndjsonEnvelope: Envelope = {
  overheadBytes: 1,
  events(_epoch, entries) {
    let text = ''
    for (const entry of entries) text += `${entry.text}\n`
    return Buffer.from(text)
  },
  hello: hello => line({ control: 'hello', ...hello }, HELLO_BYTES),
  gap: (gap, cursor) => line({ control: 'gap', ...gap, cursor: formatCursor(cursor) }),
  heartbeat: top => line({ control: 'heartbeat', top }),
  bye: bye => line({ control: 'bye', ...bye }),
}

/** Spaces fill it up to `bytes`, the line feed included. They are not part of the JSON value (RFC 8259 §2). */
function line(control: ControlFrame, bytes = 0): Buffer {
  return Buffer.from(`${JSON.stringify(control).padEnd(bytes - 1)}\n`)
}
