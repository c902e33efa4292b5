import type { Batch, Gap } from '../../../../server/protocol/wire.ts'
import type { Page } from '../../ledger-book.ts'
import { hashOf, numberIn } from '../../payload.ts'

/** What one client was told, counted, and noted in the ledger. */
export interface Told {
  readonly events: number
  readonly cuts: readonly string[]
  /** The sequence number that it was told last. */
  readonly seq: number
  hear(line: string): void
}

interface EventText {
  readonly seq: number
  readonly data: unknown
}
type Frame = EventText | { readonly control: string; readonly cursor?: string }
type Message = { readonly id: string; readonly event: string; readonly data: unknown }

export function createTold(page: Page): Told {
  const cuts: string[] = []
  let events = 0
  let seq = 0
  let epoch = ''

  return {
    get events() {
      return events
    },
    cuts,
    get seq() {
      return seq
    },
    hear,
  }

  function hear(line: string): void {
    const value = JSON.parse(line) as { cut: string } | Batch | Frame | Message
    if ('cut' in value) cuts.push(value.cut)
    else if ('events' in value) hearBatch(value)
    else if ('event' in value) hearMessage(value)
    else hearFrame(value)
  }

  function hearBatch({ cursor, events: batch, gap }: Batch): void {
    if (gap !== undefined) noteGap(cursor, gap)
    const [of] = cursor.split('-')
    for (const event of batch) note(`${of}-${event.seq}`, event)
  }

  function hearMessage({ id, event, data }: Message): void {
    if (event === 'gap') noteGap(id, data as Gap)
    else if (event === 'message') note(id, data as EventText)
  }

  function hearFrame(frame: Frame): void {
    if ('seq' in frame) {
      note(`${epoch}-${frame.seq}`, frame)
      return
    }
    if (frame.cursor !== undefined) epoch = frame.cursor.split('-')[0] ?? ''
    if (frame.control === 'gap') noteGap(frame.cursor ?? '', frame as unknown as Gap)
  }

  /** `cursor` is the client's own word for the place; the ledger holds it against what was published there. */
  function note(cursor: string, event: EventText): void {
    events += 1
    seq = event.seq
    page.event(cuts.length, cursor, numberIn(event.data), hashOf(event.data))
  }

  function noteGap(cursor: string, gap: Gap): void {
    page.gap(cuts.length, cursor, gap)
  }
}
