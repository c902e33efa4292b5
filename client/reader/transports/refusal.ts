import type { RefusalBody } from '../../../server/protocol/api.ts'
import { decodeObject } from './decode.ts'
import type { Ending } from './transport.ts'

/** Statuses that pass (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4): the same request may succeed a little later. */
const PASSING = new Set([408, 425, 429])

/**
 * What the lab refuses because of the request itself: to send it again would be to be refused again. Its other refusals
 * are about how the server is set up or how it fares (`foreign-host`, `not-found`, `closing`), which the next
 * deployment changes.
 */
const FINAL_CODES = new Set([
  'bad-cursor',
  'bad-query',
  'bad-headers',
  'bad-request',
  'method-not-allowed',
  'not-acceptable',
])

/**
 * What an HTTP answer means that carries no events. Only what the lab itself says is final: a gateway answers with 404,
 * 401, a redirect or a page of its own while the server behind it is replaced. `now` is on the server's clock, for a
 * `Retry-After` that is a date.
 */
export function readRefusal(response: Response, text: string, now: number): Ending {
  const { headers, status } = response
  const refusal = labRefusal(text)
  const isFinal = status >= 400 && status < 500 && !PASSING.has(status)
  if (refusal !== null && isFinal && FINAL_CODES.has(refusal.code)) {
    return { final: true, reason: refusal.error }
  }
  const floorMs = retryAfterMs(headers.get('retry-after'), dateOf(headers) ?? now)
  const reason = refusal === null || response.ok ? {} : { reason: refusal.error }
  return { final: false, floorMs, why: 'refused', ...reason }
}

/** The server's own sentence, or one that names the status. */
export function refusalSentence(response: Response, text: string): string {
  const refusal = labRefusal(text)
  if (refusal !== null && !response.ok) return refusal.error
  if (response.ok)
    return 'The answer is not what the protocol promises. Does a proxy answer in place of the server?'
  return `The server answered ${response.status} ${response.statusText}`.trimEnd().concat('.')
}

/** A refusal in the lab's form. A gateway's has no `code`, or a number, or one that is written in another way. */
function labRefusal(text: string): RefusalBody | null {
  const refusal = decodeObject<RefusalBody>(text)
  if (typeof refusal?.error !== 'string' || typeof refusal.code !== 'string') return null
  return /^[a-z]+(-[a-z]+)*$/.test(refusal.code) ? { error: refusal.error, code: refusal.code } : null
}

/** `Date` is by the clock of the server that wrote `Retry-After`. A page may not see it on another origin. */
function dateOf(headers: Headers): number | null {
  const at = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(at) ? null : at
}

/** `Retry-After` (RFC 9110 §10.2.3) is either seconds, in any number of digits, or a date. */
function retryAfterMs(value: string | null, now: number): number {
  if (value === null) return 0
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(ms) ? 0 : Math.max(0, ms)
}
