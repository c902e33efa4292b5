/** Answers that bring one batch per request, each a JSON body of a known length. */
import { type Batch, parseCursor } from '../../server/protocol/wire.ts'
import type { FleetTechnique, ReaderContext } from './fleet-technique.ts'
import { createFraming } from './framing.ts'
import { readHttpHead } from './http-head.ts'

export interface PollAnswers {
  /** The cursor of the next request; `null` before a newcomer's first answer. */
  readonly cursor: string | null
  read(bytes: Buffer): void
}

/** Reads the answers on one connection. `onAnswered(true)`: the batch was cut, and the rest can be requested at once. */
export function createPollAnswers(context: ReaderContext, onAnswered: (more: boolean) => void): PollAnswers {
  let cursor = context.from
  let placed = false
  return {
    get cursor() {
      return cursor
    },
    read: createFraming(takeAnswer),
  }

  function takeAnswer(bytes: Buffer, start: number): number {
    const head = readHttpHead(bytes, start)
    if (head === null) return -1
    if (head.status !== 200) throw new Error(`a request was answered ${head.status}`)
    if (head.contentLength === null) throw new Error('a request was answered without a Content-Length')
    const end = head.end + head.contentLength
    if (bytes.length < end) return -1
    context.onAnswer()
    const more =
      context.blindCursor === null
        ? takeBatch(bytes.toString('utf8', head.end, end))
        : takeBlindly(context.blindCursor)
    onAnswered(more)
    return end
  }

  function takeBatch(body: string): boolean {
    const batch = JSON.parse(body) as Batch
    if (batch.gap !== undefined) throw new Error(`an answer declared a gap: ${batch.gap.reason}`)
    if (!placed) takePlace(batch)
    for (const event of batch.events) context.onEvent(event.seq, context.sentinel ? event.at : null)
    cursor = batch.cursor
    return batch.more === true
  }

  function takePlace(batch: Batch): void {
    const newest = parseCursor(batch.cursor)
    if (newest !== null) context.onPlace(newest.seq - batch.events.length, newest.epoch)
    placed = true
  }

  function takeBlindly(blindCursor: string): boolean {
    if (!placed) context.onPlace(0, '')
    placed = true
    cursor = blindCursor
    return false
  }
}

/** The same for all techniques of answers, whenever they send their requests. */
export const POLL_ANSWERS: Pick<FleetTechnique, 'findPayload' | 'encode'> = {
  findPayload(bytes, head) {
    const end = head.end + (head.contentLength ?? 0)
    return bytes.length < end ? null : { start: head.end, end }
  },

  encode: {
    hello: (_request, { cursor }) => encodeAnswer(cursor, []),
    events: events =>
      encodeAnswer(
        events.at(-1)?.cursor ?? '',
        events.map(({ text }) => text),
      ),
  },
}

function encodeAnswer(cursor: string, texts: readonly string[]): Buffer {
  const body = `{"cursor":"${cursor}","events":[${texts.join(',')}]}`
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
