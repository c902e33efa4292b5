import type { Refusal } from '../../server/protocol.ts'
import { decodeObject } from './decode.ts'
import type { Ending } from './transport.ts'

/** Statuses that pass: the same request may be answered a little later. All others below 500 are final. */
const PASSING = new Set([408, 425, 429])

/** What an HTTP answer that is no batch means. `now` is on the server's clock, for a `Retry-After` that is a date. */
export function readRefusal(response: Response, text: string, now: number): Ending {
  const { status } = response
  // A 200 of another kind is a proxy's or a hotspot's page. It passes too.
  if (status >= 300 && status < 500 && !PASSING.has(status)) {
    return { final: true, reason: refusalSentence(response, text) }
  }
  return { final: false, floorMs: retryAfterMs(response.headers.get('retry-after'), now) }
}

/** The server's own sentence, or one that names the status. */
export function refusalSentence(response: Response, text: string): string {
  const refusal = decodeObject<Refusal>(text)
  if (typeof refusal?.error === 'string') return refusal.error
  if (response.ok)
    return 'The answer was not what the protocol promises. Something on the way answers in its place?'
  return `The server answered ${response.status} ${response.statusText}`.trimEnd().concat('.')
}

/** `Retry-After` (RFC 9110 §10.2.3) is either seconds or a date. */
function retryAfterMs(value: string | null, now: number): number {
  if (value === null) return 0
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}
