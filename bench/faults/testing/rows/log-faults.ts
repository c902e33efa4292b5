import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect } from 'vitest'
import { systemClock } from '../../../../server/clock.ts'
import { isStream } from '../../../../server/protocol/techniques.ts'
import { formatCursor } from '../../../../server/protocol/wire.ts'
import { RECOVERY_MS, scaledMs } from '../../contract-times.ts'
import { findViolations } from '../../find-violations.ts'
import { createLedger } from '../../ledger.ts'
import { nodeEnvironment } from '../../node-environment.ts'
import { createPublisher } from '../../publisher.ts'
import { hasReached, openRecordingReader } from '../../recording-reader.ts'
import { waitUntil } from '../../wait-until.ts'
import { allReach, type FaultTest } from '../testbed.ts'

const INTERLEAVINGS = 250
const HOUR_MS = 3_600_000

type Step = { readonly publish: number } | { readonly pauseMs: number }

interface Interleaving {
  readonly before: readonly Step[]
  readonly from: 'now' | 'start'
  readonly after: readonly Step[]
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ publish: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ pauseMs: fc.integer({ min: 0, max: 2 }) }),
)
const steps = fc.array(step, { maxLength: 4 })
const interleavings: fc.Arbitrary<Interleaving> = fc.record({
  before: steps,
  from: fc.constantFrom('now', 'start'),
  after: steps,
})

/** What happens to the log, and to time. */
export const logFaults = {
  async joining(testbed) {
    const { lab, origin } = await testbed.startLab()
    await fc.assert(fc.asyncProperty(interleavings, join), { numRuns: INTERLEAVINGS })

    /** Every interleaving has its own ledger and reader; all share one log. */
    async function join({ before, from, after }: Interleaving): Promise<void> {
      const { log } = lab
      const ledger = createLedger()
      const append = async (data: unknown) => formatCursor(await log.append('test', data))
      const publisher = createPublisher(ledger, append)
      const startSeq = log.top
      await take(before)
      const joinedAtSeq = log.top
      const reader = openRecordingReader(ledger, 'newcomer', {
        technique: testbed.technique,
        origin,
        from: from === 'now' ? 'now' : formatCursor({ epoch: log.epoch, seq: startSeq }),
        pollIntervalMs: 2,
      })
      try {
        await take(after)
        await waitUntil('the newcomer has a cursor', () => reader.cursor !== null, 15_000)
        await publisher.publish(1)
        ledger.faultsOver(publisher.top, RECOVERY_MS)
        const atTop = hasReached(publisher.top)
        await waitUntil('the newcomer is at the top', () => atTop(reader), RECOVERY_MS)
        expect(findViolations(ledger.read()).map(({ sentence }) => sentence)).toEqual([])
        expect(reader.audit).toMatchObject({ undeclaredGaps: 0, repeated: 0, gaps: 0 })
        // With a cursor it receives everything since then; without one, nothing from before it joined.
        if (from === 'start') expect(reader.audit.received).toBe(log.top - startSeq)
        else expect(reader.audit.received).toBeLessThanOrEqual(log.top - joinedAtSeq)
      } finally {
        reader.close()
      }

      async function take(list: readonly Step[]): Promise<void> {
        for (const next of list) {
          if ('publish' in next) await publisher.publish(next.publish)
          else await (next.pauseMs === 0 ? nextTurn() : delay(next.pauseMs))
        }
      }
    }
  },

  async trimming(testbed) {
    const window = { keepEvents: 30, keepSeconds: 120, keepBytes: 16_777_216 }
    const { lab, origin, publisher } = await testbed.startLab({ window })
    await publisher.publish(5)
    const readers = await testbed.openReaders(3, origin, { from: `${lab.log.epoch}-0` })
    let publishing = true
    const flood = (async () => {
      while (publishing) {
        await publisher.publish(20, 8 * 1024)
        await delay(1)
      }
    })()
    for (let round = 0; round < 5; round += 1) {
      await delay(scaledMs(2000))
      const oldCursor = readers[round % readers.length]?.cursor ?? ''
      await delay(scaledMs(1000))
      // By now the window has moved far beyond that cursor.
      await testbed.openReaders(1, origin, { from: oldCursor })
    }
    publishing = false
    await flood
    await publisher.publish(1)
    await testbed.expectRecovery(publisher.top)
    const reasons = new Set(testbed.readers.flatMap(({ gapReasons }) => gapReasons))
    expect(reasons).toEqual(new Set(['trimmed']))
  },

  async 'clock-jump'(testbed) {
    const clock = systemClock()
    let jumpMs = 0
    const jumping = {
      ...clock,
      epochMs: () => clock.epochMs() + jumpMs,
      reading: () => {
        const reading = clock.reading()
        return { ...reading, at: reading.at + jumpMs }
      },
    }
    const { origin, publisher } = await testbed.startLab({ clock: jumping })
    const { now } = nodeEnvironment()
    const environment = nodeEnvironment({ now: () => now() + jumpMs })
    const readers = await testbed.openReaders(3, origin, { environment })
    await publisher.publish(3)
    await allReach(readers, publisher.top)
    const connections = readers.map(({ requests }) => requests)
    const stopPublishing = publisher.every(10)
    for (const jump of [HOUR_MS, -HOUR_MS, 0]) {
      jumpMs = jump
      await delay(scaledMs(10_000))
    }
    // The same without events: a watchdog on the wrong clock would strike now.
    await stopPublishing()
    jumpMs = HOUR_MS
    await delay(scaledMs(20_000))
    await publisher.publish(3)
    await testbed.expectRecovery(publisher.top)
    expect(readers.map(({ cuts }) => cuts)).toEqual([0, 0, 0])
    if (isStream(testbed.technique)) expect(readers.map(({ requests }) => requests)).toEqual(connections)
  },
} satisfies Record<string, FaultTest>
