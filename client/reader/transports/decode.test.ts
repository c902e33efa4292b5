import { expect, test } from 'vitest'
import { at, batch, cursorAt, EPOCH, helloAt, LATER_EPOCH } from '../testing/scripted-server.ts'
import { createFrameDecoder, decodeBatch, decodeControl, decodeEvent } from './decode.ts'

const CURSOR = at(42)
const EVENT = { seq: 42, at: 1763805412345.678, type: 'earthquake', data: { magnitude: 2 } }

const decodeFrame = (text: string) => createFrameDecoder()(text)

test('a batch is taken whole, and its cursor parsed', () => {
  const taken = batch(41, 42, { more: true })
  expect(decodeBatch(JSON.stringify(taken))).toEqual({ ...taken, cursor: cursorAt(42) })
})

test.each([
  ['no JSON', '{"cursor":'],
  ['a page', '<html>Welcome to our WLAN</html>'],
  ['null', 'null'],
  ['without events', JSON.stringify({ cursor: CURSOR })],
  ['with a cursor that is not one', JSON.stringify({ cursor: 'now', events: [] })],
  ['with something that is not an event', JSON.stringify({ cursor: CURSOR, events: [EVENT, null] })],
  [
    'with a gap for an unknown reason',
    JSON.stringify({ cursor: CURSOR, events: [], gap: { reason: 'bored' } }),
  ],
])('not a batch: %s', (_, text) => {
  expect(decodeBatch(text)).toBeNull()
})

test('a batch that is cut anywhere is no batch', () => {
  const text = JSON.stringify({ cursor: CURSOR, events: [EVENT] })
  for (let length = 0; length < text.length; length += 1)
    expect(decodeBatch(text.slice(0, length))).toBeNull()
})

test.each([
  ['a sequence number that is text', { ...EVENT, seq: '42' }],
  ['a sequence number beyond 2^53', { ...EVENT, seq: 2 ** 53 }],
  ['no instant', { seq: 42, type: 'say', data: 1 }],
  ['no type', { seq: 42, at: 1, data: 1 }],
])('not an event: %s', (_, value) => {
  expect(decodeEvent(JSON.stringify(value))).toBeNull()
})

test('an event is taken as it is, also with a payload that looks like code', () => {
  const text = '{"seq":1,"at":2,"type":"say","data":{"__proto__":{"polluted":true},"a":"<svg onload=1>"}}'
  expect(JSON.stringify(decodeEvent(text))).toBe(text)
  expect('polluted' in {}).toBe(false)
})

test('a binary frame is no event', () => {
  expect(decodeEvent(new Uint8Array([123, 125]))).toBeNull()
})

test('the same control message is the same in both envelopes', () => {
  const gap = { reason: 'trimmed', from: 1, to: 42, lost: 42 }
  const frame = { ...gap, control: 'gap', cursor: CURSOR }
  const control = { ...frame, cursor: cursorAt(42) }
  expect(decodeControl('gap', JSON.stringify(gap), CURSOR)).toEqual(control)
  expect(decodeFrame(JSON.stringify(frame))).toEqual({ kind: 'control', control })
})

test.each([
  [
    'a gap that ends before it begins',
    { control: 'gap', cursor: CURSOR, reason: 'trimmed', from: 9, to: 8, lost: 0 },
  ],
  ['a gap that cannot count', { control: 'gap', cursor: CURSOR, reason: 'trimmed', from: 1, to: 8, lost: 9 }],
  ['a gap without a cursor', { control: 'gap', reason: 'epoch', lost: null }],
  ['a hello without a cursor', { control: 'hello', epoch: EPOCH, oldest: 1, top: 1, heartbeatMs: 1 }],
  ['a heartbeat without a top', { control: 'heartbeat' }],
  ['a bye without a delay', { control: 'bye', reason: 'closing' }],
])('not part of the protocol: %s', (_, frame) => {
  expect(decodeFrame(JSON.stringify(frame))).toBeNull()
})

test('a control message of a later protocol is unknown, and no fault', () => {
  expect(decodeFrame('{"control":"weather","sunny":true}')).toEqual({ kind: 'unknown' })
})

test('an answer to what was said carries its cursor', () => {
  expect(decodeFrame(`{"said":"${CURSOR}"}`)).toEqual({ kind: 'said', cursor: cursorAt(42) })
})

test('a bare event belongs to the epoch of the last hello, or of the last gap’s cursor', () => {
  const decode = createFrameDecoder()
  const epochOfNext = () => {
    const frame = decode(JSON.stringify(EVENT))
    return frame?.kind === 'event' ? frame.epoch : null
  }
  expect(epochOfNext()).toBe('')
  decode(JSON.stringify({ control: 'hello', ...helloAt(41, LATER_EPOCH) }))
  expect(epochOfNext()).toBe(LATER_EPOCH)
  decode(JSON.stringify({ control: 'heartbeat', top: 42 }))
  expect(epochOfNext()).toBe(LATER_EPOCH)
  decode(JSON.stringify({ control: 'gap', reason: 'epoch', lost: null, cursor: at(6) }))
  expect(epochOfNext()).toBe(EPOCH)
})
