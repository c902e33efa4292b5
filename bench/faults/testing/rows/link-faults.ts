import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import type { EventSourceLike } from '../../../../client/reader/environment.ts'
import { isHeld, isStream, traitsOf } from '../../../../server/protocol/techniques.ts'
import { killReaders, setLink } from '../../api-client.ts'
import { FULL_TIMES, limitMs, scaledCount, scaledMs } from '../../contract-times.ts'
import { nodeEnvironment } from '../../node-environment.ts'
import { hasReached } from '../../recording-reader.ts'
import { waitUntil } from '../../wait-until.ts'
import { allReach, type FaultTest, retryInMs, type Testbed } from '../testbed.ts'

/** So fast that hundreds of cuts fit into a test: this is not about how long a reader waits. */
const FAST_RETRY = { baseMs: 20, capMs: 40, leastMs: 1 }
const FAST_RETRY_OF_SERVER = { retryMs: { least: 5, most: 15 } }
/** In slices of one byte every 5 ms a request takes seconds. */
const PATIENT = { helloMs: 60_000, silentMs: 60_000, graceMs: 60_000, behindMs: 60_000 }

/** What a bad connection to the server does. */
export const linkFaults = {
  async reset(testbed) {
    await cutRepeatedly(
      testbed,
      Array.from({ length: scaledCount(200, 20) }, (_, round) => ({ resetAfterBytes: 150 + round * 131 })),
    )
  },

  async cut(testbed) {
    const stepBytes = scaledCount(7, 101)
    await cutRepeatedly(
      testbed,
      Array.from({ length: Math.ceil(4096 / stepBytes) }, (_, index) => ({
        cutAfterBytes: 1 + index * stepBytes,
      })),
    )
  },

  async slices(testbed) {
    const { origin, linkOrigin, publisher } = await testbed.startLab()
    const [reader] = await testbed.openReaders(1, linkOrigin, { policy: PATIENT })
    await setLink(origin, { sliceBytes: 1 })
    await publisher.publish(scaledCount(20, 2))
    await waitUntil(
      'the reader is at the top',
      () => testbed.readers.every(hasReached(publisher.top)),
      scaledCount(300_000, 50_000),
    )
    expect(reader?.cuts).toBe(0)
    await setLink(origin, {})
    await testbed.expectRecovery(publisher.top)
  },

  async 'black-hole'(testbed) {
    const { technique } = testbed
    const { lab, origin, linkOrigin, publisher } = await testbed.startLab()
    const [reader] = await testbed.openReaders(1, linkOrigin)
    await publisher.publish(3)
    await allReach(testbed.readers, publisher.top)
    const requests = reader?.requests ?? 0
    const swallowedAtMs = performance.now()
    await setLink(origin, { blackhole: true })
    const withinMs = limitMs(isHeld(technique) ? 35_000 + 20_000 : 35_000)
    await waitUntil('the reader notices', () => (reader?.requests ?? 0) > requests, withinMs)
    expect(performance.now() - swallowedAtMs).toBeLessThan(withinMs)
    await publisher.publish(3)
    await setLink(origin, {})
    await testbed.expectRecovery(publisher.top)
    // The connections of polls belong to the client's pool, which keeps them for as long as the server allows.
    const sockets = () => (isStream(technique) ? lab.meter.sockets(technique).length : 0)
    const readers = () => lab.techniques[technique].readers
    await waitUntil(
      'the dead connections are closed',
      () => sockets() <= 1 && readers() <= 1,
      limitMs(35_000),
      () => [sockets(), readers()],
    )
  },

  async 'idle-proxy'(testbed) {
    const idleTimeoutMs = FULL_TIMES ? 20_000 : 1000
    const waitSeconds = FULL_TIMES ? 25 : 2
    const { origin, linkOrigin, publisher } = await testbed.startLab()
    await setLink(origin, { idleTimeoutMs })
    const [reader] = await testbed.openReaders(1, linkOrigin, {
      waitSeconds,
      pollIntervalMs: scaledMs(1000),
    })
    await delay(idleTimeoutMs * 2.5)
    const cuts = reader?.cuts ?? 0
    if (isHeld(testbed.technique)) expect(cuts).toBeGreaterThan(0)
    else expect(cuts).toBe(0)
    await publisher.publish(2)
    await testbed.expectRecovery(publisher.top)
  },

  async 'refusing-proxy'(testbed) {
    const { origin, linkOrigin, publisher } = await testbed.startLab()
    let eventSources = 0
    const environment = nodeEnvironment()
    const CountingEventSource = class extends environment.EventSource {
      constructor(url: string) {
        super(url)
        eventSources += 1
      }
    } as new (
      url: string,
    ) => EventSourceLike
    const [reader] = await testbed.openReaders(1, linkOrigin, {
      environment: nodeEnvironment({ EventSource: CountingEventSource }),
    })
    const refusedAtMs = performance.now()
    await setLink(origin, { refuseStatus: 502 })
    await killReaders(origin)
    await waitUntil('the reader is refused', () => (reader?.cuts ?? 0) > 1, limitMs(10_000))
    await publisher.publish(3)
    await delay(Math.max(0, scaledMs(5000) - (performance.now() - refusedAtMs)))
    await setLink(origin, { refuseStatus: 503 })
    await delay(scaledMs(5000))
    await setLink(origin, {})
    const withinMs = limitMs(15_000) + (reader === undefined ? 0 : retryInMs(reader))
    await waitUntil('the reader is back', () => reader?.audit.received === 3, withinMs)
    // An EventSource that was refused never tries again: the reader opened another one.
    if (traitsOf(testbed.technique).reconnectsByItself) expect(eventSources).toBeGreaterThan(1)
    await testbed.expectRecovery(publisher.top)
  },
} satisfies Record<string, FaultTest>

/** Cuts under one condition after the other, while events are published. */
async function cutRepeatedly(
  testbed: Testbed,
  conditions: readonly ({ cutAfterBytes: number } | { resetAfterBytes: number })[],
): Promise<void> {
  const { origin, linkOrigin, publisher } = await testbed.startLab({ policy: FAST_RETRY_OF_SERVER })
  const [reader] = await testbed.openReaders(1, linkOrigin, { pollIntervalMs: 10, policy: FAST_RETRY })
  for (const condition of conditions) {
    const cuts = reader?.cuts ?? 0
    await setLink(origin, condition)
    await publisher.publish(2, 1000)
    // Enough for any condition to come to its cut.
    const stopPublishing = publisher.every(2, 200)
    await waitUntil('the reader is cut', () => (reader?.cuts ?? 0) > cuts, 15_000).finally(stopPublishing)
  }
  await setLink(origin, {})
  await publisher.publish(2)
  expect(reader?.cuts).toBeGreaterThanOrEqual(conditions.length)
  await testbed.expectRecovery(publisher.top)
}
