import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { formatCursor, TECHNIQUES } from '../../server/protocol.ts'
import { type StartedLab, startLab } from '../../server/start-lab.ts'
import { type BadRoad, openBadRoad } from '../bad-road.ts'
import { nodeEnvironment } from '../node-environment.ts'
import { type Subscription, subscribe } from '../subscribe.ts'

/** Everybody's patience at a small fraction of real time. */
const PATIENCE = {
  baseMs: 20,
  capMs: 40,
  leastMs: 1,
  healthyMs: 1000,
  silentMs: 600,
  graceMs: 300,
  behindMs: 200,
  staleMs: 400,
}
const SERVER = { heartbeatMs: 150, sweepMs: 25, graceMs: 20, retryMs: { least: 5, most: 15 } }

/** What is hard to split: multi-byte characters, line ends, and the envelopes' own words. */
function hard(n: number): unknown {
  return { n, text: 'ä😀\r\n\r\nid: 9\ndata: x\n\n\u2028"}],"cursor":' }
}

describe.each(TECHNIQUES)('%s on a bad road', technique => {
  let lab: StartedLab
  let road: BadRoad
  let reader: Subscription
  let received: { readonly seq: number; readonly data: unknown }[]

  beforeEach(async () => {
    road = await openBadRoad(() => Number(new URL(lab.origin).port))
    lab = await startLab({ allowHosts: [road.host], policy: SERVER })
    received = []
    reader = subscribe({
      technique,
      origin: road.origin,
      environment: nodeEnvironment(),
      pollIntervalMs: 10,
      waitSeconds: 1,
      policy: PATIENCE,
      onEvent: ({ event: { seq, data } }) => received.push({ seq, data }),
    })
    await expect.poll(() => reader.place, { timeout: 10_000 }).not.toBeNull()
  })

  afterEach(async () => {
    reader.close()
    await road.close()
    await lab.stop()
  })

  /** All that was published, in order, once, unharmed. */
  async function expectAll(count: number): Promise<void> {
    const top = formatCursor(await lab.publish(0))
    await expect.poll(() => reader.place, { timeout: 15_000 }).toBe(top)
    expect(received).toEqual(
      Array.from({ length: count }, (_, index) => ({ seq: index + 1, data: hard(index + 1) })),
    )
    expect(reader.audit).toMatchObject({ received: count, missing: 0, undeclaredGaps: 0, gaps: 0 })
  }

  async function publishNext(count: number): Promise<void> {
    const { seq } = await lab.publish(0)
    await lab.publish(count, n => hard(seq + n))
  }

  it.each([false, true])('delivers no half event, wherever the answer is cut (reset: %s)', async reset => {
    const cuts = Array.from({ length: 40 }, (_, index) => 1 + index * 23)
    for (const afterBytes of cuts) {
      road.become({ kind: 'cut', afterBytes, reset })
      await publishNext(2)
      const { asks } = reader.audit
      await expect.poll(() => reader.audit.asks, { interval: 2, timeout: 10_000 }).toBeGreaterThan(asks)
    }
    road.become({ kind: 'open' })
    await expectAll(cuts.length * 2)
  })

  it.each([1, 7])('puts together what arrives in slices of %i bytes', async bytes => {
    road.become({ kind: 'slice', bytes })
    await publishNext(20)
    await expectAll(20)
  })

  it.each([502, 503])('survives a proxy that answers %i for a while', async status => {
    await publishNext(2)
    await expectAll(2)
    road.become({ kind: 'refuse', status })
    const { asks } = reader.audit
    await expect.poll(() => reader.audit.asks, { timeout: 10_000 }).toBeGreaterThan(asks + 2)
    await publishNext(3)
    road.become({ kind: 'open' })
    await expectAll(5)
  })

  it('survives a hotspot that answers everything with a page of its own', async () => {
    road.become({ kind: 'welcome' })
    const { asks } = reader.audit
    await expect.poll(() => reader.audit.asks, { timeout: 10_000 }).toBeGreaterThan(asks + 2)
    await publishNext(3)
    road.become({ kind: 'open' })
    await expectAll(3)
  })

  it('notices a black hole, and is back once it has healed', async () => {
    road.become({ kind: 'black hole' })
    const { asks } = reader.audit
    await publishNext(3)
    await expect.poll(() => reader.audit.asks, { timeout: 10_000 }).toBeGreaterThan(asks)
    road.become({ kind: 'open' })
    await expectAll(3)
  })

  it('leaves a black hole at once when it is closed', async () => {
    road.become({ kind: 'black hole' })
    reader.close()
    expect(reader.state).toEqual({ name: 'closed', reason: null })
  })

  it('keeps a quiet link for as long as it is alive', async () => {
    await expectAll(0)
    const { asks } = reader.audit
    await delay(PATIENCE.silentMs * 2)
    if (technique === 'sse' || technique === 'websocket') expect(reader.audit.asks).toBe(asks)
    expect(reader.state.name).not.toBe('reconnecting')
    await publishNext(1)
    await expectAll(1)
  })
})
