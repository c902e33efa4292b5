import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import type { EventSourceLike } from '../../../../client/reader/environment.ts'
import { killAll, setLink } from '../../commands.ts'
import { nodeEnvironment } from '../../node-environment.ts'
import { FULL_TIMES, limitMs, scaledCount, scaledMs } from '../../times.ts'
import { until } from '../../until.ts'
import { isAt, type Witness } from '../../witness.ts'
import type { Scenario } from '../scenario.ts'
import { allAt, type Stage } from '../stage.ts'

/** Comes back so fast that hundreds of cuts fit into a test: this is not about how long a reader waits. */
const HASTY = { baseMs: 20, capMs: 40, leastMs: 1 }
const HASTY_SERVER = { retryMs: { least: 5, most: 15 } }
/** Slices of one byte every 5 ms make a request last for seconds. */
const PATIENT = { helloMs: 60_000, silentMs: 60_000, graceMs: 60_000, behindMs: 60_000 }

/** What a bad way to the server does. */
export const linkFaults = {
  async reset(stage) {
    await breakOff(
      stage,
      Array.from({ length: scaledCount(200, 20) }, (_, round) => ({ resetAfterBytes: 150 + round * 131 })),
    )
  },

  async cut(stage) {
    const step = scaledCount(7, 101)
    const sweep = Array.from({ length: Math.ceil(4096 / step) }, (_, index) => ({
      cutAfterBytes: 1 + index * step,
    }))
    await breakOff(stage, sweep)
  },

  async slices(stage) {
    const { origin, linkOrigin, publisher } = await stage.lab()
    const [witness] = await stage.read(1, linkOrigin, { policy: PATIENT })
    await setLink(origin, { sliceBytes: 1 })
    await publisher.publish(scaledCount(20, 2))
    await until(
      'way to the top',
      () => stage.witnesses.every(isAt(publisher.top)),
      scaledCount(300_000, 50_000),
    )
    expect(witness?.cuts).toBe(0)
    await setLink(origin, {})
    await stage.expectClean(publisher.top)
  },

  async 'black-hole'(stage) {
    const { lab, origin, linkOrigin, publisher } = await stage.lab()
    const [witness] = await stage.read(1, linkOrigin)
    await publisher.publish(3)
    await allAt(stage.witnesses, publisher.top)
    const { asks } = witness?.reader.audit ?? { asks: 0 }
    const swallowedAtMs = performance.now()
    await setLink(origin, { blackhole: true })
    const withinMs = stage.technique === 'long-poll' ? limitMs(35_000 + 20_000) : limitMs(35_000)
    await until('reader that notices', () => (witness?.reader.audit.asks ?? 0) > asks, withinMs)
    expect(performance.now() - swallowedAtMs).toBeLessThan(withinMs)
    await publisher.publish(3)
    await setLink(origin, {})
    await stage.expectClean(publisher.top)
    // A poll's connections are its pool's, which keeps them for as long as the server allows.
    const polls = stage.technique === 'poll' || stage.technique === 'long-poll'
    const sockets = () => (polls ? 0 : lab.meter.sockets(stage.technique).length)
    const readers = () => lab.techniques[stage.technique].readers
    await until(
      'end of the swallowed connections',
      () => sockets() <= 1 && readers() <= 1,
      limitMs(35_000),
      () => [sockets(), readers()],
    )
  },

  async 'idle-proxy'(stage) {
    const idleTimeoutMs = FULL_TIMES ? 20_000 : 1000
    const waitSeconds = FULL_TIMES ? 25 : 2
    const { origin, linkOrigin, publisher } = await stage.lab()
    await setLink(origin, { idleTimeoutMs })
    const [witness] = await stage.read(1, linkOrigin, { waitSeconds, pollIntervalMs: scaledMs(1000) })
    await delay(idleTimeoutMs * 2.5)
    const cuts = witness?.cuts ?? 0
    if (stage.technique === 'long-poll') expect(cuts).toBeGreaterThan(0)
    else expect(cuts).toBe(0)
    await publisher.publish(2)
    await stage.expectClean(publisher.top)
  },

  async 'refusing-proxy'(stage) {
    const { origin, linkOrigin, publisher } = await stage.lab()
    let sources = 0
    const environment = nodeEnvironment()
    const Counted = class extends environment.EventSource {
      constructor(url: string) {
        super(url)
        sources += 1
      }
    } as new (
      url: string,
    ) => EventSourceLike
    const [witness] = await stage.read(1, linkOrigin, {
      environment: nodeEnvironment({ EventSource: Counted }),
    })
    const refusedAtMs = performance.now()
    await setLink(origin, { refuseStatus: 502 })
    await killAll(origin)
    await until('reader that is refused', () => (witness?.cuts ?? 0) > 1, limitMs(10_000))
    await publisher.publish(3)
    await delay(Math.max(0, scaledMs(5000) - (performance.now() - refusedAtMs)))
    await setLink(origin, { refuseStatus: 503 })
    await delay(scaledMs(5000))
    await setLink(origin, {})
    const withinMs = limitMs(15_000) + announcedMs(witness)
    await until('way back', () => (witness?.reader.audit.received ?? 0) === 3, withinMs)
    if (stage.technique === 'sse') expect(sources).toBeGreaterThan(1)
    await stage.expectClean(publisher.top)
  },
} satisfies Record<string, Scenario>

/** Breaks every response off, in one way after the other, and publishes into each breach. */
async function breakOff(
  stage: Stage,
  ways: readonly ({ cutAfterBytes: number } | { resetAfterBytes: number })[],
): Promise<void> {
  const { origin, linkOrigin, publisher } = await stage.lab({ policy: HASTY_SERVER })
  const [witness] = await stage.read(1, linkOrigin, { pollIntervalMs: 10, policy: HASTY })
  for (const way of ways) {
    const cuts = witness?.cuts ?? 0
    await setLink(origin, way)
    await publisher.publish(2, 1000)
    // Enough to reach the place of the breach for any way.
    const flow = publisher.every(2, 200)
    await until('cut', () => (witness?.cuts ?? 0) > cuts, 15_000).finally(flow)
  }
  await setLink(origin, {})
  await publisher.publish(2)
  expect(witness?.cuts).toBeGreaterThanOrEqual(ways.length)
  await stage.expectClean(publisher.top)
}

/** How long a reader has said that it will still wait before it comes back. */
function announcedMs(witness: Witness | undefined): number {
  const state = witness?.reader.state
  return state?.name === 'reconnecting' ? Math.max(0, state.untilMs - performance.now()) : 0
}
