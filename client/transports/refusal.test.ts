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

test('a final refusal without words names its status', () => {
  expect(refusal(404, {}, '<h1>Not Found</h1>')).toEqual({ final: true, reason: 'The server answered 404.' })
})

test.each([408, 425, 429, 500, 502, 503, 504])('%i passes', status => {
  expect(refusal(status)).toEqual({ final: false, floorMs: 0 })
})

test.each([
  ['7', 7000],
  ['0', 0],
  ['Sat, 07 Feb 2026 12:00:30 GMT', 30_000],
  ['Sat, 07 Feb 2026 11:59:00 GMT', 0],
  ['soon', 0],
  ['-5', 0],
])('Retry-After: %s is a floor of %i ms', (value, floorMs) => {
  expect(refusal(503, { 'retry-after': value })).toEqual({ final: false, floorMs })
})

test('a 200 that holds something else passes: it is not our server that answered', () => {
  expect(refusal(200, { 'content-type': 'text/html' }, '<html>')).toEqual({ final: false, floorMs: 0 })
})
