import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect } from 'vitest'
import { systemClock } from '../../../../server/clock.ts'
import { formatCursor } from '../../../../server/protocol/wire.ts'
import { judge } from '../../ledger.ts'
import { createLedgerBook } from '../../ledger-book.ts'
import { nodeEnvironment } from '../../node-environment.ts'
import { createPublisher } from '../../publisher.ts'
import { HEALING_MS, scaledMs } from '../../times.ts'
import { until } from '../../until.ts'
import { isAt, openWitness } from '../../witness.ts'
import type { Scenario } from '../scenario.ts'
import { allAt } from '../stage.ts'

const INTERLEAVINGS = 250
const HOUR_MS = 3_600_000

type Step = { readonly publish: number } | { readonly restMs: number }

/** What happens in the log, and to time. */
export const logFaults = {
  async joining(stage) {
    const { lab, origin } = await stage.lab()
    const step = fc.oneof(
      fc.record({ publish: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ restMs: fc.integer({ min: 0, max: 2 }) }),
    )
    const steps = fc.array(step, { maxLength: 4 })
    const interleaving = fc.record({ before: steps, from: fc.constantFrom('now', 'start'), after: steps })
    await fc.assert(fc.asyncProperty(interleaving, interleave), { numRuns: INTERLEAVINGS })

    /** One interleaving has a ledger and a reader of its own; the log is the same for all. */
    async function interleave(drawn: {
      before: readonly Step[]
      from: 'now' | 'start'
      after: readonly Step[]
    }) {
      const { log } = lab
      const book = createLedgerBook(() => performance.now())
      const append = async (data: unknown) => formatCursor(await log.append('test', data))
      const publisher = createPublisher(book, append, { next: 1 })
      const start = log.top
      await take(drawn.before)
      const joinedAt = log.top
      const from = drawn.from === 'now' ? 'now' : formatCursor({ epoch: log.epoch, seq: start })
      const options = { technique: stage.technique, origin, from, pollIntervalMs: 2 }
      const witness = openWitness(book, 'newcomer', options)
      try {
        await take(drawn.after)
        await until('place for the newcomer', () => witness.reader.place !== null, 15_000)
        await publisher.publish(1)
        book.healed(publisher.top, HEALING_MS)
        await until('way to the top', () => isAt(publisher.top)(witness), HEALING_MS)
        const { audit } = witness.reader
        expect(judge(book.read()).map(({ sentence }) => sentence)).toEqual([])
        expect(audit).toMatchObject({ undeclaredGaps: 0, repeated: 0, gaps: 0 })
        // Who came with a cursor gets all since that; who joined at some instant, nothing from before.
        if (drawn.from === 'start') expect(audit.received).toBe(log.top - start)
        else expect(audit.received).toBeLessThanOrEqual(log.top - joinedAt)
      } finally {
        witness.reader.close()
      }

      async function take(list: readonly Step[]): Promise<void> {
        for (const step of list) {
          if ('publish' in step) await publisher.publish(step.publish)
          else await (step.restMs === 0 ? turn() : delay(step.restMs))
        }
      }
    }
  },

  async trimming(stage) {
    const window = { keepEvents: 30, keepSeconds: 120, keepBytes: 16_777_216 }
    const { lab, origin, publisher } = await stage.lab({ window })
    await publisher.publish(5)
    const readers = await stage.read(3, origin, { from: `${lab.log.epoch}-0` })
    let publishing = true
    const flood = (async () => {
      while (publishing) {
        await publisher.publish(20, 8 * 1024)
        await delay(1)
      }
    })()
    for (let round = 0; round < 5; round += 1) {
      await delay(scaledMs(2000))
      const old = readers[round % readers.length]?.reader.place ?? ''
      await delay(scaledMs(1000))
      // Its cursor is of long ago for such a window.
      await stage.read(1, origin, { from: old })
    }
    publishing = false
    await flood
    await publisher.publish(1)
    await stage.expectClean(publisher.top)
    expect(stage.witnesses.flatMap(({ gaps }) => gaps)).toContain('trimmed')
    expect(new Set(stage.witnesses.flatMap(({ gaps }) => gaps))).toEqual(new Set(['trimmed']))
  },

  async 'clock-jump'(stage) {
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
    const { origin, publisher } = await stage.lab({ clock: jumping })
    const { now } = nodeEnvironment()
    const environment = nodeEnvironment({ now: () => now() + jumpMs })
    const readers = await stage.read(3, origin, { environment })
    await publisher.publish(3)
    await allAt(readers, publisher.top)
    const connections = readers.map(({ reader }) => reader.audit.asks)
    const stop = publisher.every(10)
    for (const jump of [HOUR_MS, -HOUR_MS, 0]) {
      jumpMs = jump
      await delay(scaledMs(10_000))
    }
    // Watchdog as well: a timeout that followed the wrong clock would strike now.
    await stop()
    jumpMs = HOUR_MS
    await delay(scaledMs(20_000))
    await publisher.publish(3)
    await stage.expectClean(publisher.top)
    expect(readers.map(({ cuts }) => cuts)).toEqual([0, 0, 0])
    if (stage.technique === 'sse' || stage.technique === 'websocket')
      expect(readers.map(({ reader }) => reader.audit.asks)).toEqual(connections)
  },
} satisfies Record<string, Scenario>
