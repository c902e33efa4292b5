import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LinkConditions } from '../../server/protocol/api.ts'
import { parseCursor } from '../../server/protocol/wire.ts'
import { setLink } from './api-client.ts'
import { RECOVERY_MS, SERVER_TIMES, scaledCount } from './contract-times.ts'
import { findViolations } from './find-violations.ts'
import { createLedger } from './ledger.ts'
import { createPublisher } from './publisher.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { BROWSER } from './testing/foreign-clients/browser.ts'
import { CURL } from './testing/foreign-clients/curl.ts'
import {
  type ClientRecord,
  createClientRecord,
  type ForeignClient,
} from './testing/foreign-clients/foreign-client.ts'
import { LIBRARIES } from './testing/foreign-clients/libraries.ts'
import { PROGRAMS } from './testing/foreign-clients/programs.ts'
import { waitUntil } from './wait-until.ts'

const CLIENTS: readonly ForeignClient[] = [...CURL, ...PROGRAMS, ...LIBRARIES, ...BROWSER]

const EVENTS = scaledCount(2000, 400)
const EVERY_MS = 5
/** So large that every answer with an event is longer than any of the cuts. */
const PAYLOAD_BYTES = 700
/**
 * On an open stream each falls into the data of the next event; on a new connection they fall into the head, into the
 * hello, and into the data of the first event. None falls between an event's `id` line and the empty line after it:
 * eventsource 2.x and fetch-event-source take an id at once, and lose an event that is cut right there.
 */
const CUTS: readonly LinkConditions[] = [
  { resetAfterBytes: 100 },
  { cutAfterBytes: 450 },
  { resetAfterBytes: 650 },
]
/** How long a client may take to notice a cut, and again to return. */
const PATIENCE_MS = 20_000

for (const sentence of new Set(CLIENTS.map(({ missing }) => missing)))
  if (sentence !== null) process.stderr.write(`${sentence}\n`)

/** All clients read the same server at the same time, and are cut at the same times. */
describe('clients that are not part of this project', () => {
  const ledger = createLedger()
  const records = new Map<ForeignClient, ClientRecord>()
  /** Those that are waited for. */
  const waitedFor = new Set<ClientRecord>()
  const cleanUps: (() => unknown)[] = []

  beforeAll(async () => {
    const server = await startServerProcess({
      policy: SERVER_TIMES,
      args: ['--source', 'none', '--link-port', '0'],
    })
    cleanUps.push(() => server.kill())
    const { log } = await server.stats()
    const cursor = `${log.epoch}-${log.top}`
    const origin = await server.linkOrigin()
    const publisher = createPublisher(ledger, server.append)
    await Promise.all(
      CLIENTS.filter(({ missing }) => missing === null).map(async client => {
        const record = createClientRecord(ledger.openAccount(client.name, cursor))
        records.set(client, record)
        waitedFor.add(record)
        cleanUps.push(await client.read({ origin, cursor, report: record.report }))
      }),
    )
    await publisher.publish(1, PAYLOAD_BYTES)
    await waitForAll('every client has received an event', ({ events }) => events > 0)

    const topSeq = () => parseCursor(publisher.top)?.seq ?? 0
    const stopPublishing = publisher.every(EVERY_MS, PAYLOAD_BYTES)
    const published = (share: number) =>
      waitUntil('enough is published', () => topSeq() >= EVENTS * share, EVENTS * EVERY_MS * 40)
    for (const [index, cut] of CUTS.entries()) {
      await published((index + 1) / (CUTS.length + 1))
      await cutAll(server, cut)
    }
    await published(1)
    await stopPublishing()
    ledger.faultsOver(publisher.top, RECOVERY_MS)
    await waitForAll('every client is at the top', ({ seq }) => seq === topSeq())
  }, 300_000)

  afterAll(async () => {
    await Promise.all(cleanUps.splice(0).map(cleanUp => cleanUp()))
  })

  for (const client of CLIENTS)
    it.skipIf(client.missing !== null)(
      `${client.name} receives every event once and in order, through three cuts`,
      () => {
        const violations = findViolations(ledger.read()).filter(({ reader }) => reader === client.name)
        expect(violations.map(({ sentence }) => sentence)).toEqual([])
        expect(records.get(client)?.cuts.length).toBeGreaterThanOrEqual(CUTS.length)
      },
    )

  /** Waits until every client has noticed, and then until every client is back. */
  async function cutAll(server: ServerProcess, conditions: LinkConditions): Promise<void> {
    const cuts = new Map([...waitedFor].map(record => [record, record.cuts.length]))
    await setLink(server.origin, conditions)
    await waitForAll('every client has noticed', record => record.cuts.length > (cuts.get(record) ?? 0))
    await setLink(server.origin, {})
    const events = new Map([...waitedFor].map(record => [record, record.events]))
    await waitForAll('every client is back', record => record.events > (events.get(record) ?? 0))
  }

  /** A client that is too late is not waited for again: the ledger reports it. */
  async function waitForAll(what: string, holds: (record: ClientRecord) => boolean): Promise<void> {
    await waitUntil(what, () => [...waitedFor].every(holds), PATIENCE_MS).catch(() => {})
    for (const record of waitedFor) if (!holds(record)) waitedFor.delete(record)
  }
})
