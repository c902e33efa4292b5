import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseExact } from './exact-json.ts'
import { PublishRefusal } from './log/event-log.ts'

/** Values that fast-check draws often. */
const REFUSED_KEY = /"(__proto__|constructor)"/

describe('JSON that must be delivered with its values', () => {
  it.each([
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567890',
    '9223372036854775807',
    // A double holds it, but JavaScript writes it as 9223372036854776000.
    '9223372036854775808',
    '100000000000000000000000',
    '9007199254740993.0',
    '9007199254740993e0',
    '90071992547409930E-1',
    '1e309',
    '-1e400',
    `1${'0'.repeat(400)}`,
    '1e-400',
    '-0.1e-999',
    '1e-324',
  ])('is refused with %s in it', literal => {
    for (const text of [literal, `[${literal}]`, `{"a\\"":"\\\\","b":[{"c":${literal}}]}`]) {
      expect(() => parseExact(text)).toThrow(PublishRefusal)
      expect(() => parseExact(text)).toThrow(/as strings\.$/)
    }
  })

  it.each([
    '0',
    '-0',
    '0e0',
    '0.0e-999',
    '9007199254740991',
    '9007199254740992',
    '9007199254740994',
    '10000000000000000',
    '1e3',
    '1e23',
    '1.7976931348623157e308',
    '5e-324',
    '0.1',
    '0.30000000000000004',
    '3.14159265358979323846264338327950288',
    '1700000000123.4567891',
    '1.50',
    '100000000000000.0',
  ])('carries %s', literal => {
    expect(parseExact(`[${literal}]`)).toEqual([Number(literal)])
  })

  it('ignores what only looks like a number', () => {
    for (const text of [
      '12345678901234567890',
      '"1e400',
      '\\',
      'a\\"12345678901234567890',
      '\\\\"1e999\\\\',
      '\u2028 1e400',
    ]) {
      const value = { [text]: [text, 1.5, text] }
      expect(parseExact(JSON.stringify(value))).toEqual(value)
    }
    expect(parseExact('"\\u0031e400\\"12345678901234567890"')).toBe('1e400"12345678901234567890')
  })

  it('carries every value that JSON.stringify wrote, unless it holds an integer beyond a double’s steps', () => {
    const safe = (value: unknown): boolean =>
      typeof value === 'number'
        ? !Number.isInteger(value) || Number.isSafeInteger(value)
        : typeof value !== 'object' || value === null || Object.values(value).every(safe)
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'medium' }).filter(safe), value => {
        const text = JSON.stringify(value)
        fc.pre(!REFUSED_KEY.test(text))
        expect(JSON.stringify(parseExact(text))).toBe(text)
      }),
    )
  })

  it('is delivered with the value of each integer, or refused', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), integer => {
        try {
          expect(BigInt(JSON.stringify(parseExact(String(integer))))).toBe(integer)
        } catch (error) {
          expect(error).toBeInstanceOf(PublishRefusal)
          expect(integer > 2n ** 53n || integer < -(2n ** 53n)).toBe(true)
        }
      }),
    )
  })

  it('drops one byte order mark, and not a second one', () => {
    expect(parseExact('\ufeff[1]')).toEqual([1])
    expect(() => parseExact('\ufeff\ufeff[1]')).toThrow(SyntaxError)
    expect(parseExact('"\ufeff"')).toBe('\ufeff')
  })

  it('keeps lone surrogates as escapes, and the last of a repeated key', () => {
    expect(JSON.stringify(parseExact('"\\ud800"'))).toBe('"\\ud800"')
    expect(parseExact('{"a":1,"a":2}')).toEqual({ a: 2 })
  })

  it.each([
    '{"__proto__":1}',
    '[{"\\u005f_proto__":1}]',
    '{"constructor":{"prototype":1}}',
    '',
    '1 2',
    'NaN',
  ])('is not %s', text => {
    expect(() => parseExact(text)).toThrow(SyntaxError)
  })

  it('takes any depth, and strings of any length', () => {
    const deep = `${'['.repeat(30_000)}1e400${']'.repeat(30_000)}`
    expect(() => parseExact(deep)).toThrow(PublishRefusal)
    const long = `1e5 ${'x"\\'.repeat(1_000_000)}`
    expect(parseExact(JSON.stringify(long))).toBe(long)
  })

  // With a regular expression that starts again at each zero, this would take a minute.
  it.each([
    `1.${'0'.repeat(200_000)}1`,
    `0.${'0'.repeat(100)}1${'0'.repeat(200_000)}1`,
    `1${'0'.repeat(200_000)}1e-200000`,
    `1.${'0'.repeat(200_000)}e5`,
  ])('takes a number of any length', literal => {
    expect(parseExact(`[${literal}]`)).toEqual([Number(literal)])
  })
})
