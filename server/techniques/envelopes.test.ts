import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { createEventLog, type Entry } from '../log/event-log.ts'
import { POLICY } from '../policy.ts'
import type { Gap, Hello } from '../protocol/wire.ts'
import { firstFrame } from '../testing/frames.ts'
import { sseEnvelope } from './sse.ts'
import { websocketEnvelope } from './websocket.ts'

/** Strings, among them many that end lines, begin fields or are not Unicode. */
const hardString = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\r',
        '\n',
        '\r\n',
        '\n\n',
        '\u2028',
        '\u2029',
        '\ufeff',
        '\ud800',
        '\udc00',
        '\0',
        ' ',
        ':',
      ),
      fc.constantFrom('id: 9\n', 'event: bye\n', 'data:', 'retry: 1\n', '😀', '"', '\\', '}'),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map(parts => parts.join(''))
const anyData = fc.oneof(
  hardString,
  fc.array(hardString),
  fc.dictionary(hardString, hardString),
  fc.jsonValue(),
)
const someData = fc.array(anyData, { minLength: 1, maxLength: 5 })
/** Where the network cuts: lengths of the chunks, repeated. */
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 })

const EPOCH = 'k3f9x2ab7q'
const hello: Hello = { epoch: EPOCH, cursor: `${EPOCH}-7`, oldest: 1, top: 9, heartbeatMs: 15_000 }
const gap: Gap = { reason: 'trimmed', from: 8, to: 9, lost: 2 }
const goodbye = { reason: 'closing\n\nid: 9', retryMs: 1234 }

describe('an SSE reader', () => {
  const envelope = sseEnvelope(POLICY)

  it('reads exactly the events that were encoded, whatever their content and wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(someData, cuts, async (data, lengths) => {
        const entries = await logged(data)
        const { messages } = readSse(envelope.events(EPOCH, entries), lengths)
        expect(messages).toEqual(
          entries.map(({ seq, text }) => ({ event: undefined, id: `${EPOCH}-${seq}`, data: text })),
        )
        expect(messages.map(({ data: text }) => JSON.parse(text).data)).toEqual(asJson(data))
      }),
    )
  })

  it('reads each control message as one event, and only places carry an id', () => {
    const bytes = Buffer.concat([
      envelope.hello(hello),
      envelope.gap(gap, { epoch: EPOCH, seq: 9 }),
      envelope.heartbeat(9),
      envelope.bye(goodbye),
    ])
    const { messages, retries } = readSse(bytes, [1])
    expect(messages.map(({ data, ...rest }) => ({ ...rest, data: JSON.parse(data) }))).toEqual([
      { event: 'hello', id: hello.cursor, data: hello },
      { event: 'gap', id: `${EPOCH}-9`, data: gap },
      { event: 'heartbeat', id: undefined, data: { top: 9 } },
      { event: 'bye', id: undefined, data: goodbye },
    ])
    expect(retries).toEqual([expect.any(Number), goodbye.retryMs])
  })
})

it('ends each event and each gap of SSE with its id, so that a cut event is not skipped', async () => {
  const envelope = sseEnvelope(POLICY)
  const events = envelope.events(EPOCH, await logged(['id: x', 2]))
  for (const bytes of [events, envelope.gap(gap, { epoch: EPOCH, seq: 9 })]) {
    for (const block of Buffer.from(bytes).toString().split('\n\n').slice(0, -1)) {
      expect(block.split('\n').at(-1)).toMatch(/^id: k3f9x2ab7q-\d+$/)
      expect(block).toMatch(/^(event: gap\n)?data: .*\n/)
    }
  }
})

describe('a WebSocket reader', () => {
  it('reads exactly the events that were encoded, one in each frame, whatever their content', async () => {
    await fc.assert(
      fc.asyncProperty(someData, async data => {
        const entries = await logged(data)
        const texts = readFrames(websocketEnvelope.events(EPOCH, entries))
        expect(texts).toEqual(entries.map(({ text }) => text))
        expect(texts.map(text => JSON.parse(text).data)).toEqual(asJson(data))
      }),
    )
  })

  it.each([125, 126, 127, 65_535, 65_536])('reads a frame of %i bytes', async bytes => {
    const [{ text } = { text: '' }] = await logged([''])
    const padded = 'ä'.repeat(10).padEnd(bytes - 10 - Buffer.byteLength(text), 'x')
    const entries = await logged([padded])
    expect(entries[0]?.bytes).toBe(bytes)
    expect(readFrames(websocketEnvelope.events(EPOCH, entries))).toEqual([entries[0]?.text])
  })

  it('reads each control message as one frame', () => {
    const bytes = Buffer.concat([
      websocketEnvelope.hello(hello),
      websocketEnvelope.gap(gap, { epoch: EPOCH, seq: 9 }),
      websocketEnvelope.heartbeat(9),
      websocketEnvelope.bye(goodbye),
    ])
    expect(readFrames(bytes).map(text => JSON.parse(text))).toEqual([
      { control: 'hello', ...hello },
      { control: 'gap', ...gap, cursor: `${EPOCH}-9` },
      { control: 'heartbeat', top: 9 },
      { control: 'bye', ...goodbye },
    ])
  })
})

/** The entries of a new log with this data, all at one fixed instant. */
async function logged(data: readonly unknown[]): Promise<readonly Entry[]> {
  const log = createEventLog({ keepEvents: 100, keepSeconds: 60, keepBytes: 1e9 }, systemClock())
  for (const each of data) await log.append('test', each, 1763805412345.678)
  const all = { maxEvents: 100, maxBytes: 1e9, overheadBytes: 0 }
  return log.since({ epoch: log.epoch, seq: 0 }, all).entries
}

function asJson(data: readonly unknown[]): unknown {
  return JSON.parse(JSON.stringify(data))
}

function readSse(bytes: Uint8Array, lengths: readonly number[]) {
  const messages: { event: string | undefined; id: string | undefined; data: string }[] = []
  const retries: number[] = []
  const parser = createParser({
    onEvent: ({ event, id, data }) => messages.push({ event, id, data }),
    onRetry: retryMs => retries.push(retryMs),
    onError: error => {
      throw error
    },
  })
  const decoder = new TextDecoder()
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const end = at + (lengths[turn % lengths.length] ?? 1)
    parser.feed(decoder.decode(bytes.subarray(at, end), { stream: true }))
    at = end
  }
  return { messages, retries }
}

function readFrames(bytes: Uint8Array): string[] {
  const texts: string[] = []
  let rest = Buffer.from(bytes)
  while (rest.length > 0) {
    const frame = firstFrame(rest)
    if (frame === null || frame.first !== 0x81) throw new Error('no whole, unfragmented text frame')
    texts.push(new TextDecoder('utf-8', { fatal: true }).decode(frame.payload))
    rest = rest.subarray(frame.bytes)
  }
  return texts
}
