import { createHash } from 'node:crypto'

/** What the publishers of the fault tests publish: a number of their own, and what is hard to carry. */
export interface Payload {
  readonly n: number
  readonly text: string
}

/** Multi-byte characters, line ends, and the envelopes' own words. */
const HARD = 'ä😀\r\n\r\nid: 9\ndata: x\n\n\u2028"}],"cursor":'

/** A payload of at least so many bytes. */
export function payload(n: number, bytes = 0): Payload {
  return { n, text: HARD.padEnd(bytes, 'x') }
}

/** What is not from a publisher of these tests has no number. */
export const NO_NUMBER = -1

/** The number in whatever arrived. */
export function numberIn(data: unknown): number {
  const { n } = (data ?? {}) as { n?: unknown }
  return typeof n === 'number' ? n : NO_NUMBER
}

export function hashOf(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('base64url').slice(0, 12)
}
