import { formatCursor } from '../../../server/protocol/wire.ts'

const EPOCH = 'aaaaaaaaaa'

/** The text of event `seq`, whose data is `payloadBytes` long as text. */
export function eventText(seq: number, payloadBytes: number): string {
  return JSON.stringify({ seq, at: Date.now(), type: 'synthetic', data: 'x'.repeat(payloadBytes - 2) })
}

export function cursorOf(seq: number): string {
  return formatCursor({ epoch: EPOCH, seq })
}

export function helloText(seq: number, extra: Readonly<Record<string, string>>): string {
  const cursor = cursorOf(seq)
  return JSON.stringify({ ...extra, epoch: EPOCH, cursor, oldest: 1, top: seq, heartbeatMs: 15_000 })
}
