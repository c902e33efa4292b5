import { type Batch, parseCursor } from '../../server/protocol/wire.ts'
import { createFraming } from './framing.ts'
import { readHttpHead } from './http-head.ts'
import type { ReaderContext } from './reader.ts'

/** The answers of both polls on one connection: their framing, their batches, and the cursor carried on. */
export interface Answers {
  /** What to ask with next; `null` before a newcomer's first answer. */
  readonly cursor: string | null
  read(bytes: Buffer): void
}

export function createAnswers(context: ReaderContext, onAnswered: (more: boolean) => void): Answers {
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
    if (head.status !== 200) throw new Error(`a poll was answered ${head.status}`)
    if (head.contentLength === null) throw new Error('a poll was answered without a Content-Length')
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
    if (batch.gap !== undefined) throw new Error(`a poll declared a gap: ${batch.gap.reason}`)
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
