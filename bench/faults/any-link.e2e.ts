import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LinkConditions } from '../../server/protocol/api.ts'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import { formatCursor } from '../../server/protocol/wire.ts'
import { startLab } from '../../server/testing/start-lab.ts'
import { anyLinkConditions } from './any-link.ts'
import { killAll, setLink } from './commands.ts'
import { judge } from './ledger.ts'
import { createLedgerBook } from './ledger-book.ts'
import { createPublisher } from './publisher.ts'
import { FULL_TIMES, HEALING_MS, SERVER_TIMES, scaledCount } from './times.ts'
import { until } from './until.ts'
import { isAt, openWitness } from './witness.ts'

/** Quick to come back whatever the times of the run: it is about what happens on the way, not about patience. */
const HASTY = { baseMs: 50, capMs: 500, leastMs: 10, silentMs: 1500, graceMs: 500, behindMs: 300 }

interface Stretch {
  readonly link: LinkConditions
  readonly forMs: number
  readonly kill: boolean
}

const stretch: fc.Arbitrary<Stretch> = fc.record({
  link: anyLinkConditions,
  forMs: fc.integer({ min: 20, max: 300 }),
  kill: fc.boolean(),
})

it(
  'delivers everything once and in order over any link, by all four techniques at once',
  async () => {
    const { lab, origin, linkOrigin, stop } = await startLab({
      policy: { ...SERVER_TIMES, retryMs: { least: 20, most: 60 } },
    })
    try {
      await fc.assert(fc.asyncProperty(fc.array(stretch, { minLength: 1, maxLength: 4 }), travel), {
        numRuns: scaledCount(200, 10),
        // A run that fails is worth a few smaller ones, not minutes of them.
        endOnFailure: !FULL_TIMES,
      })
    } finally {
      await stop()
    }

    async function travel(stretches: readonly Stretch[]): Promise<void> {
      const book = createLedgerBook(() => performance.now())
      const append = async (data: unknown) => formatCursor(await lab.log.append('test', data))
      const publisher = createPublisher(book, append, { next: 1 })
      const from = formatCursor({ epoch: lab.log.epoch, seq: lab.log.top })
      const witnesses = TECHNIQUES.map(technique =>
        openWitness(book, technique, { technique, origin: linkOrigin, from, policy: HASTY }),
      )
      try {
        const end = publisher.every(5, 100)
        for (const { link, forMs, kill } of stretches) {
          await setLink(origin, link)
          if (kill) await killAll(origin)
          await delay(forMs)
        }
        await end()
        await setLink(origin, {})
        await publisher.publish(1)
        book.healed(publisher.top, HEALING_MS)
        await until('way to the top', () => witnesses.every(isAt(publisher.top)), HEALING_MS).catch(() => {})
        expect(judge(book.read()).map(({ sentence }) => sentence)).toEqual([])
        expect(witnesses.map(({ reader }) => reader.audit.undeclaredGaps)).toEqual(TECHNIQUES.map(() => 0))
      } finally {
        for (const { reader } of witnesses) reader.close()
      }
    }
  },
  FULL_TIMES ? 900_000 : 60_000,
)
