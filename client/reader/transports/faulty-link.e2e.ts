import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnvironment } from '../../../bench/faults/node-environment.ts'
import { isStream, TECHNIQUES, traitsOf } from '../../../server/protocol/techniques.ts'
import { type StartedLab, startLab } from '../../../server/testing/start-lab.ts'
import { type LossReason, type SubscribeOptions, type Subscription, subscribe } from '../subscribe.ts'
import { type FaultyLink, openFaultyLink } from '../testing/faulty-link.ts'

/** The reader's times at a small fraction of the real ones. */
const PATIENCE = {
  baseMs: 20,
  capMs: 40,
  leastMs: 1,
  healthyMs: 1000,
  helloMs: 300,
  silentMs: 600,
  graceMs: 300,
  behindMs: 200,
  staleMs: 400,
}
const SERVER = { heartbeatMs: 150, checkEveryMs: 25, graceMs: 20, retryMs: { least: 5, most: 15 } }

const PAGE = { headers: 'Content-Type: text/html', body: '<!doctype html><title>Welcome</title>' }
const JSON_TYPE = 'Content-Type: application/json'
const NOT_FOUND = '{"error":"Not Found","statusCode":404}'

/** What a gateway answers while the container behind it is replaced, and a hotspot before one has paid. */
const GATEWAYS = [
  { what: '404 and a page', answer: { status: '404 Not Found', ...PAGE } },
  { what: '404 and JSON', answer: { status: '404 Not Found', headers: JSON_TYPE, body: NOT_FOUND } },
  { what: '401 and a challenge', answer: { ...PAGE, status: '401 No', headers: 'WWW-Authenticate: Basic' } },
  { what: '403 and a page', answer: { status: '403 Forbidden', ...PAGE } },
  { what: '410 and nothing', answer: { status: '410 Gone', headers: JSON_TYPE, body: '' } },
  { what: '502 and a page', answer: { status: '502 Bad Gateway', ...PAGE } },
  { what: '503 and a page', answer: { status: '503 Unavailable', ...PAGE } },
  { what: '200 and a page', answer: { status: '200 OK', ...PAGE } },
  { what: '200 and other JSON', answer: { status: '200 OK', headers: JSON_TYPE, body: '{"status":"ok"}' } },
  { what: 'a redirect to itself', answer: { status: '302 Found', headers: 'Location: /login', body: '' } },
  { what: 'a redirect to nowhere', answer: { status: '307 Elsewhere', headers: JSON_TYPE, body: '' } },
  {
    what: 'an event stream that ends at once',
    answer: { status: '200 OK', headers: 'Content-Type: text/event-stream', body: '' },
  },
]

/** Data that is hard to split: multi-byte characters, line ends, and the envelopes' own words. */
function hardData(n: number): unknown {
  return { n, text: 'ä😀\r\n\r\nid: 9\ndata: x\n\n\u2028"}],"cursor":' }
}

describe.each(TECHNIQUES)('%s on a bad link', technique => {
  let lab: StartedLab
  let link: FaultyLink
  let reader: Subscription
  let received: { readonly seq: number; readonly data: unknown }[]
  let whys: LossReason[]

  beforeEach(async () => {
    link = await openFaultyLink(() => Number(new URL(lab.origin).port))
    lab = await startLab({ allowHosts: [link.host], policy: SERVER })
    received = []
    whys = []
    reader = read()
    await expect.poll(() => reader.place, { timeout: 10_000 }).not.toBeNull()
  })

  afterEach(async () => {
    reader.close()
    await link.close()
    await lab.stop()
  })

  function read(options: Partial<SubscribeOptions> = {}): Subscription {
    return subscribe({
      technique,
      origin: link.origin,
      environment: nodeEnvironment(),
      pollIntervalMs: 10,
      waitSeconds: 1,
      policy: PATIENCE,
      onEvent: ({ event: { seq, data } }) => received.push({ seq, data }),
      onState: state => {
        if (state.name === 'reconnecting') whys.push(state.why)
      },
      ...options,
    })
  }

  async function failures(count: number): Promise<void> {
    whys.length = 0
    await expect.poll(() => whys.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count)
  }

  /** Everything that was published was received, in order, once and unharmed. */
  async function expectAll(count: number): Promise<void> {
    const top = await lab.publish(0)
    await expect.poll(() => reader.place, { timeout: 15_000 }).toEqual(top)
    expect(received).toEqual(
      Array.from({ length: count }, (_, index) => ({ seq: index + 1, data: hardData(index + 1) })),
    )
    expect(reader.audit).toMatchObject({ received: count, missing: 0, undeclaredGaps: 0, gaps: 0 })
  }

  async function publishNext(count: number): Promise<void> {
    const { seq } = await lab.publish(0)
    await lab.publish(count, n => hardData(seq + n))
  }

  it.each([false, true])('delivers no half event, wherever the answer is cut (reset: %s)', async reset => {
    const cuts = Array.from({ length: 40 }, (_, index) => 1 + index * 23)
    for (const afterBytes of cuts) {
      link.become({ kind: 'cut', afterBytes, reset })
      await publishNext(2)
      const { requests } = reader.audit
      await expect
        .poll(() => reader.audit.requests, { interval: 2, timeout: 10_000 })
        .toBeGreaterThan(requests)
    }
    link.become({ kind: 'open' })
    await expectAll(cuts.length * 2)
  })

  it.each([1, 7])('puts together what arrives in slices of %i bytes', async bytes => {
    link.become({ kind: 'slice', bytes })
    await publishNext(20)
    await expectAll(20)
  })

  it.each(GATEWAYS)('comes back after a gateway that answers with $what', async ({ answer }) => {
    await publishNext(2)
    await expectAll(2)
    link.become({ kind: 'answer', ...answer })
    await failures(2)
    expect(reader.state).not.toMatchObject({ name: 'closed' })
    await expect(reader.say('hello')).rejects.toThrow(/^(Not connected|No answer came|The (answer|server))/)
    await publishNext(3)
    link.become({ kind: 'open' })
    await expectAll(5)
  })

  it.each(['nothing', 'head'] as const)('says that a link is mute that answers with %s', async after => {
    await publishNext(2)
    await expectAll(2)
    link.become({ kind: 'mute', after })
    await expect.poll(() => whys, { timeout: 10_000 }).toContain('mute')
    await publishNext(3)
    link.become({ kind: 'open' })
    await expectAll(5)
  })

  it('moves on from a technique that is mute, and keeps its place', async () => {
    const paths = [traitsOf(technique).endpoint]
    const second = TECHNIQUES.findLast(other => other !== technique) ?? technique
    reader.close()
    reader = read({ fallback: [technique, second], from: reader.place ?? 'now' })
    await expect.poll(() => reader.state.name).not.toBe('connecting')
    await publishNext(2)
    await expectAll(2)
    link.become({ kind: 'mute', after: 'head', paths })
    await publishNext(3)
    await expect.poll(() => reader.technique, { timeout: 15_000 }).toBe(second)
    await expectAll(5)
    await publishNext(2)
    await expectAll(7)
    expect(whys).toContain('mute')
  })

  it('notices a black hole, and is back once it is gone', async () => {
    link.become({ kind: 'black hole' })
    const { requests } = reader.audit
    await publishNext(3)
    await expect.poll(() => reader.audit.requests, { timeout: 10_000 }).toBeGreaterThan(requests)
    link.become({ kind: 'open' })
    await expectAll(3)
  })

  it('leaves a black hole at once when it is closed', async () => {
    link.become({ kind: 'black hole' })
    reader.close()
    expect(reader.state).toEqual({ name: 'closed', reason: null })
  })

  it('keeps a quiet link for as long as it is alive', async () => {
    await expectAll(0)
    const { requests } = reader.audit
    await delay(PATIENCE.silentMs * 2)
    if (isStream(technique)) expect(reader.audit.requests).toBe(requests)
    expect(reader.state.name).not.toBe('reconnecting')
    await publishNext(1)
    await expectAll(1)
  })
})
