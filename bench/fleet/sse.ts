/** Server-Sent Events on a raw socket: one response whose body is blocks that end with a blank line. */
import { TRAITS } from '../../server/protocol/techniques.ts'
import { type Hello, type LabEvent, parseCursor } from '../../server/protocol/wire.ts'
import { createFraming } from './framing.ts'
import { readHttpHead } from './http-head.ts'
import { type CreateReader, pathFrom, readSeq } from './reader.ts'

const END_OF_BLOCK = Buffer.from('\n\n')
const LINE_FEED = 10
const LETTER_D = 100
const ID = 'id: '
const EPOCH_LENGTH = 10

export const createSseReader: CreateReader = context => {
  let inBody = false
  const read = createFraming((bytes, start) => (inBody ? takeBlock(bytes, start) : takeHead(bytes, start)))

  return {
    start() {
      const path = pathFrom(TRAITS.sse.endpoint, context.from)
      context.send(`GET ${path} HTTP/1.1\r\nHost: ${context.host}\r\nAccept: text/event-stream\r\n\r\n`)
    },
    read,
    pause() {},
    resume() {},
  }

  function takeHead(bytes: Buffer, start: number): number {
    const head = readHttpHead(bytes, start)
    if (head === null) return -1
    if (head.status !== 200) throw new Error(`/sse answered ${head.status}`)
    inBody = true
    return head.end
  }

  function takeBlock(bytes: Buffer, start: number): number {
    const end = bytes.indexOf(END_OF_BLOCK, start)
    if (end === -1) return -1
    // An event is `data:` then `id:`; whatever else the server says begins with another field.
    if (bytes[start] === LETTER_D) {
      const idLine = bytes.lastIndexOf(LINE_FEED, end - 1) + 1
      const seq = readSeq(bytes, idLine + ID.length + EPOCH_LENGTH + 1)
      if (context.sentinel) takeEvent(seq, bytes.toString('utf8', start + 'data: '.length, idLine - 1))
      else context.onEvent(seq, null)
    } else takeControl(bytes.toString('utf8', start, end))
    return end + END_OF_BLOCK.length
  }

  function takeEvent(seq: number, text: string): void {
    const event = JSON.parse(text) as LabEvent
    if (event.seq !== seq) throw new Error(`id says ${seq}, the event says ${event.seq}`)
    context.onEvent(seq, event.at)
  }

  function takeControl(block: string): void {
    const name = /^event: (.*)$/m.exec(block)?.[1]
    if (name === 'bye' || name === 'gap') throw new Error(`/sse said ${name}`)
    if (name !== 'hello') return
    const hello = JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '') as Hello
    context.onPlace(parseCursor(hello.cursor)?.seq ?? -1, hello.epoch)
  }
}
