import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LinkConditions } from '../../server/protocol/api.ts'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import { formatCursor } from '../../server/protocol/wire.ts'
import { startLab } from '../../server/testing/start-lab.ts'
import { killReaders, setLink } from './api-client.ts'
import { FULL_TIMES, RECOVERY_MS, SERVER_TIMES, scaledCount } from './contract-times.ts'
import { findViolations } from './find-violations.ts'
import { createLedger } from './ledger.ts'
import { createPublisher } from './publisher.ts'
import { randomLinkConditions } from './random-link-conditions.ts'
import { hasReached, openRecordingReader } from './recording-reader.ts'
import { waitUntil } from './wait-until.ts'

/** Readers return quickly, whatever the times of the run: this is about what the link does, not about waiting. */
const FAST_RETRY = { baseMs: 50, capMs: 500, leastMs: 10, silentMs: 1500, graceMs: 500, behindMs: 300 }

interface Step {
  readonly link: LinkConditions
  readonly forMs: number
  readonly kill: boolean
}

const step: fc.Arbitrary<Step> = fc.record({
  link: randomLinkConditions,
  forMs: fc.integer({ min: 20, max: 300 }),
  kill: fc.boolean(),
})

it(
  'under random link conditions every technique delivers everything once and in order',
  async () => {
    const { lab, origin, linkOrigin, stop } = await startLab({
      policy: { ...SERVER_TIMES, retryMs: { least: 20, most: 60 } },
    })
    try {
      await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), run), {
        numRuns: scaledCount(200, 10),
        // In the short run a failure is not worth the minutes that shrinking takes.
        endOnFailure: !FULL_TIMES,
      })
    } finally {
      await stop()
    }

    async function run(steps: readonly Step[]): Promise<void> {
      const ledger = createLedger()
      const append = async (data: unknown) => formatCursor(await lab.log.append('test', data))
      const publisher = createPublisher(ledger, append)
      const from = formatCursor({ epoch: lab.log.epoch, seq: lab.log.top })
      const readers = TECHNIQUES.map(technique =>
        openRecordingReader(ledger, technique, { technique, origin: linkOrigin, from, policy: FAST_RETRY }),
      )
      try {
        const stopPublishing = publisher.every(5, 100)
        for (const { link, forMs, kill } of steps) {
          await setLink(origin, link)
          if (kill) await killReaders(origin)
          await delay(forMs)
        }
        await stopPublishing()
        await setLink(origin, {})
        await publisher.publish(1)
        ledger.faultsOver(publisher.top, RECOVERY_MS)
        // Who does not arrive is reported by the ledger.
        await waitUntil(
          'every reader is at the top',
          () => readers.every(hasReached(publisher.top)),
          RECOVERY_MS,
        ).catch(() => {})
        expect(findViolations(ledger.read()).map(({ sentence }) => sentence)).toEqual([])
        expect(readers.map(({ audit }) => audit.undeclaredGaps)).toEqual(TECHNIQUES.map(() => 0))
      } finally {
        for (const reader of readers) reader.close()
      }
    }
  },
  FULL_TIMES ? 900_000 : 60_000,
)
