import { expect, test } from 'vitest'
import { readRefusal } from './refusal.ts'

const NOW = Date.parse('2026-02-07T12:00:00Z')

function refusal(status: number, headers: Record<string, string> = {}, body = '') {
  return readRefusal(new Response(body, { status, headers }), body, NOW)
}

test.each([400, 401, 403, 404, 405, 406, 413, 421, 431])(
  '%i is final, in the words of the server',
  status => {
    const body = JSON.stringify({ error: 'Give a cursor as you received it.', code: 'bad-cursor' })
    expect(refusal(status, {}, body)).toEqual({ final: true, reason: 'Give a cursor as you received it.' })
  },
)

test.each([
  ['bad-cursor', true],
  ['bad-query', true],
  ['bad-headers', true],
  ['bad-request', true],
  ['method-not-allowed', true],
  ['not-acceptable', true],
  ['foreign-host', false],
  ['foreign-origin', false],
  ['not-found', false],
  ['not-on-this-link', false],
  ['no-token', false],
  ['of-a-later-version', false],
])('the lab’s %s is final: %s', (code, final) => {
  const body = JSON.stringify({ error: 'A sentence.', code })
  expect(refusal(403, {}, body)).toMatchObject({ final, reason: 'A sentence.' })
})

test.each([
  ['a page', '<h1>Not Found</h1>'],
  ['nothing', ''],
  ['JSON without a code', '{"error":"Not Found","statusCode":404}'],
  ['JSON with a number for a code', '{"error":"Not Found","code":404}'],
  ['JSON with a code of another kind', '{"error":"Not Found","code":"NOT_FOUND"}'],
  ['JSON with a message', '{"message":"no Route matched with those values"}'],
  ['JSON with an object for an error', '{"error":{"code":"bad-cursor"},"code":"bad-cursor"}'],
  ['a JSON list', '[]'],
  ['a JSON null', 'null'],
])('what a gateway answers passes, whatever its status: %s', (_, body) => {
  for (const status of [200, 204, 301, 302, 304, 307, 400, 401, 403, 404, 405, 410, 421, 451, 499]) {
    const response = new Response(status === 204 || status === 304 ? null : body, { status })
    expect(readRefusal(response, body, NOW)).toEqual({ final: false, floorMs: 0, why: 'refused' })
  }
})

test.each([408, 425, 429, 500, 502, 503, 504])('%i passes, even in the lab’s own form', status => {
  const body = JSON.stringify({ error: 'Later.', code: 'bad-query' })
  expect(refusal(status, {}, body)).toEqual({ final: false, floorMs: 0, why: 'refused', reason: 'Later.' })
})

test.each([
  ['7', 7000],
  ['0', 0],
  ['Sat, 07 Feb 2026 12:00:30 GMT', 30_000],
  ['Sat, 07 Feb 2026 11:59:00 GMT', 0],
  ['soon', 0],
  ['-5', 0],
  ['9'.repeat(400), Number.POSITIVE_INFINITY],
])('Retry-After: %s is a floor of %i ms', (value, floorMs) => {
  expect(refusal(503, { 'retry-after': value })).toMatchObject({ floorMs })
})

test('a Retry-After that is a date is measured by the clock of its sender, where that can be seen', () => {
  const headers = { date: 'Sat, 07 Feb 2026 13:00:00 GMT', 'retry-after': 'Sat, 07 Feb 2026 13:00:30 GMT' }
  expect(refusal(503, headers)).toMatchObject({ floorMs: 30_000 })
})
