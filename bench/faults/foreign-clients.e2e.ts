import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LinkConditions } from '../../server/protocol/api.ts'
import { setLink } from './commands.ts'
import { judge } from './ledger.ts'
import { createLedgerBook } from './ledger-book.ts'
import { createPublisher } from './publisher.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { BROWSER } from './testing/foreign-clients/browser.ts'
import { CURL } from './testing/foreign-clients/curl.ts'
import type { ForeignClient } from './testing/foreign-clients/foreign-client.ts'
import { LIBRARIES } from './testing/foreign-clients/libraries.ts'
import { PROGRAMS } from './testing/foreign-clients/programs.ts'
import { createTold, type Told } from './testing/foreign-clients/told.ts'
import { HEALING_MS, SERVER_TIMES, scaledCount } from './times.ts'
import { until } from './until.ts'

const CLIENTS: readonly ForeignClient[] = [...CURL, ...PROGRAMS, ...LIBRARIES, ...BROWSER]

const EVENTS = scaledCount(2000, 400)
const EVERY_MS = 5
/** So large that every answer that brings one is longer than any of the cuts. */
const PAYLOAD_BYTES = 700
/**
 * On a stream that is open each falls into the data of the next event; on a new connection they fall into the head,
 * into the hello, and into the data of the first event. None falls between an event's `id` line and the empty line
 * after it: eventsource 2.x and fetch-event-source believe an id at once, and lose an event that is cut right there.
 */
const CUTS: readonly LinkConditions[] = [
  { resetAfterBytes: 100 },
  { cutAfterBytes: 450 },
  { resetAfterBytes: 650 },
]
/** How long it takes a client to notice, and to come back. */
const PATIENCE_MS = 20_000

for (const sentence of new Set(CLIENTS.map(({ missing }) => missing)))
  if (sentence !== null) process.stderr.write(`${sentence}\n`)

/** They all read the same server at the same time, and are cut at the same times. */
describe('clients that nobody here wrote', () => {
  const book = createLedgerBook(() => performance.now())
  const told = new Map<ForeignClient, Told>()
  const present = new Set<Told>()
  const ending: (() => unknown)[] = []

  beforeAll(async () => {
    const server = await startServerProcess({ policy: SERVER_TIMES, args: ['--link-port', '0'] })
    ending.push(() => server.kill())
    const cursor = await placeOf(server)
    const publisher = createPublisher(book, server.append, { next: 1 })
    await Promise.all(
      CLIENTS.filter(({ missing }) => missing === null).map(async client => {
        const account = createTold(book.open(client.name, cursor))
        told.set(client, account)
        present.add(account)
        ending.push(await client.read({ origin: server.linkOrigin, cursor, tell: account.hear }))
      }),
    )
    await publisher.publish(1, PAYLOAD_BYTES)
    await everybody(({ events }) => events > 0)

    const stop = publisher.every(EVERY_MS, PAYLOAD_BYTES)
    const published = (share: number) =>
      until('event', () => seqOf(publisher.top) >= EVENTS * share, EVENTS * EVERY_MS * 40)
    for (const [index, cut] of CUTS.entries()) {
      await published((index + 1) / (CUTS.length + 1))
      await cutEverybody(server, cut)
    }
    await published(1)
    await stop()
    book.healed(publisher.top, HEALING_MS)
    await everybody(({ seq }) => seq === seqOf(publisher.top))
  }, 300_000)

  afterAll(async () => {
    await Promise.all(ending.splice(0).map(end => end()))
  })

  for (const client of CLIENTS)
    it.skipIf(client.missing !== null)(
      `${client.name} is told every event once and in order, through three cuts`,
      () => {
        const violations = judge(book.read()).filter(({ subscriber }) => subscriber === client.name)
        expect(violations.map(({ sentence }) => sentence)).toEqual([])
        expect(told.get(client)?.cuts.length).toBeGreaterThanOrEqual(CUTS.length)
      },
    )

  /** Until everybody has noticed; then until everybody is back. */
  async function cutEverybody(server: ServerProcess, conditions: LinkConditions): Promise<void> {
    const before = new Map([...present].map(account => [account, account.cuts.length]))
    await setLink(server.origin, conditions)
    await everybody(account => account.cuts.length > (before.get(account) ?? 0))
    await setLink(server.origin, {})
    const events = new Map([...present].map(account => [account, account.events]))
    await everybody(account => account.events > (events.get(account) ?? 0))
  }

  /** Whoever does not within the time is waited for no more, and left to the ledger. */
  async function everybody(holds: (account: Told) => boolean): Promise<void> {
    await until('client', () => [...present].every(holds), PATIENCE_MS).catch(() => {})
    for (const account of present) if (!holds(account)) present.delete(account)
  }
})

function seqOf(cursor: string): number {
  return Number(cursor.split('-')[1])
}

async function placeOf(server: ServerProcess): Promise<string> {
  const { log } = await server.stats()
  return `${log.epoch}-${log.top}`
}
