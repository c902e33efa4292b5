import { parse } from 'secure-json-parse'
import { PublishRefusal } from './log/event-log.ts'

/**
 * Parses JSON (RFC 8259) that will be delivered with the values that were sent. A number is held as a double (§6) and
 * delivered as `JSON.stringify` writes it, so a number whose value would change is refused with `PublishRefusal`
 * `bad-data`: an integer that a double cannot hold or that would be written differently, a number beyond the largest
 * double, and one so small that it would become 0. A fraction is delivered as its nearest double; −0 as 0, its equal.
 *
 * Bytes must be UTF-8 (§8.1): with the usual decoding, an invalid byte would be delivered as U+FFFD. One byte order mark
 * before the value is ignored. Of a repeated key the last one counts. Throws `SyntaxError` for anything that is not JSON
 * in UTF-8, and for keys that could reach a prototype (`__proto__`, `constructor.prototype`).
 */
export function parseExact(json: string | Uint8Array): unknown {
  const text = typeof json === 'string' ? json : decode(json)
  const value: unknown = parse(text, null, { protoAction: 'error', constructorAction: 'error' })
  if (MAY_CHANGE.test(text) && hasInexactNumber(text)) {
    throw new PublishRefusal('bad-data', 'Send numbers that a double cannot hold exactly as strings.')
  }
  return value
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new SyntaxError('not UTF-8')
  }
}

/** Up to fifteen digits without an exponent always fit a double, so most texts need no closer check. */
const MAY_CHANGE = /[0-9]{16}|[0-9][eE]/
/** In valid JSON: an escape or a quote, which show where strings are, or a number. */
const TOKEN = /\\.|"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/g

function hasInexactNumber(text: string): boolean {
  let inString = false
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '"') inString = !inString
    else if (!inString && !isDelivered(token)) return true
  }
  return false
}

function isDelivered(literal: string): boolean {
  const value = Number(literal)
  if (!Number.isFinite(value)) return false
  if (literal.length <= ALWAYS_HELD && (literal === '0' || Math.abs(value) >= LEAST_NORMAL)) return true
  if (INTEGER.test(literal) && BigInt(literal) !== BigInt(value)) return false
  const sent = decimalOf(literal)
  const delivered = decimalOf(String(value))
  if (sent.digits === delivered.digits && sent.exponent === delivered.exponent) return true
  return sent.exponent < 0 && value !== 0
}

/** A double holds and writes so many digits unchanged, whatever the exponent, unless it is subnormal. */
const ALWAYS_HELD = 15
const LEAST_NORMAL = 2 ** -1022
const INTEGER = /^-?[0-9]+$/

/** A number's value without its sign: `digits` × 10^`exponent`, without zeros at either end of `digits`. */
function decimalOf(literal: string): { readonly digits: string; readonly exponent: number } {
  const [mantissa = '', power = '0'] = literal.replace(/^-/, '').split(/e/i)
  const [whole = '', fraction = ''] = mantissa.split('.')
  const padded = (whole + fraction).replace(/^0+/, '')
  // Not /0+$/, which searches for the end again from each zero: a long number would take seconds.
  let end = padded.length
  while (padded[end - 1] === '0') end -= 1
  const digits = padded.slice(0, end)
  if (digits === '') return { digits, exponent: 0 }
  return { digits, exponent: Number(power) - fraction.length + padded.length - digits.length }
}
