import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { linearRegression } from 'simple-statistics'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import { createRandom } from '../processes/random.ts'
import { anyLinkConditions } from './any-link.ts'
import { askAlone, killAll, setLink } from './commands.ts'
import { judge, type Violation } from './ledger.ts'
import { createLedgerBook } from './ledger-book.ts'
import type { Measurement } from './probe.ts'
import { createPublisher } from './publisher.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { HEALING_MS } from './times.ts'
import { until } from './until.ts'
import { isAt, openWitness, type Witness } from './witness.ts'

export interface SoakOptions {
  readonly minutes: number
  readonly seed: number
  readonly say: (line: string) => void
}

export interface SoakReport {
  /** Nothing was lost, repeated, disordered or left over, and there was something to judge. */
  readonly clean: boolean
}

/** One round: readers come, faults strike, all heals, the ledger is judged and forgotten, the memory is measured. */
const ROUND_MS = 5000
const FAULTS_PER_ROUND = 6
const READERS_PER_TECHNIQUE = 4
const PUBLISH_EVERY_MS = 10
const PAYLOAD_BYTES = 400
/** The log is full after the first rounds, and from then on no excuse for memory that grows. */
const WINDOW = ['--keep-events', '500', '--keep-seconds', '3600']
const POLICY = {
  heartbeatMs: 500,
  checkEveryMs: 50,
  undrainedMs: 1000,
  pongMs: 1000,
  // A pool that was aborted while it connected keeps a connection on which it never asks.
  headersMs: 2000,
  requestMs: 3000,
  retryMs: { least: 50, most: 150 },
}
const READER_POLICY = { baseMs: 50, capMs: 500, leastMs: 10, silentMs: 1500, graceMs: 500, behindMs: 300 }

export async function runSoak({ minutes, seed, say }: SoakOptions): Promise<SoakReport> {
  const random = createRandom(seed)
  const server = await startServerProcess({ policy: POLICY, args: [...WINDOW, '--link-port', '0'] })
  const untilMs = performance.now() + minutes * 60_000
  const totals: Totals = { violations: 0, undeclaredGaps: 0, leftOver: 0, events: 0, readers: 0 }
  const rests: Rest[] = []

  try {
    const idle = await rest(server)
    while (performance.now() < untilMs) {
      for (const { sentence } of await round(server, random, totals)) say(sentence)
      const now = await rest(server)
      for (const sentence of leftOver(idle, now)) {
        totals.leftOver += 1
        say(sentence)
      }
      rests.push(now)
    }
  } finally {
    await server.kill()
  }

  const { violations, undeclaredGaps, events, readers } = totals
  say(`${rests.length} rounds, ${events} events to ${readers} readers`)
  say(`heap ${slope(rests, 'heapUsedBytes')}, RSS ${slope(rests, 'rssBytes')}`)
  say(`sockets and timers ${totals.leftOver === 0 ? 'back to the baseline after each round' : 'left over'}`)
  say(
    `ledger ${violations === 0 ? 'clean' : `broken ${violations} times`}, ${undeclaredGaps} undeclared gaps`,
  )
  return { clean: violations + undeclaredGaps + totals.leftOver === 0 && rests.length > 0 }
}

interface Totals {
  violations: number
  undeclaredGaps: number
  leftOver: number
  events: number
  readers: number
}

async function round(server: ServerProcess, random: () => number, totals: Totals): Promise<Violation[]> {
  const book = createLedgerBook(() => performance.now())
  const publisher = createPublisher(book, server.append, { next: 1 })
  const witnesses: Witness[] = []
  const join = () => {
    for (const technique of TECHNIQUES) {
      const name = `${technique} reader ${witnesses.length + 1}`
      const origin = random() < 0.7 ? server.linkOrigin : server.origin
      witnesses.push(openWitness(book, name, { technique, origin, policy: READER_POLICY }))
    }
  }
  const staying = () => witnesses.filter(({ reader }) => reader.state.name !== 'closed')
  const stop = publisher.every(PUBLISH_EVERY_MS, PAYLOAD_BYTES)
  for (let count = 0; count < READERS_PER_TECHNIQUE; count += 1) join()

  for (let fault = 0; fault < FAULTS_PER_ROUND; fault += 1) {
    await strike(server, random)
    await delay((ROUND_MS / FAULTS_PER_ROUND) * (0.5 + random()))
    witnesses[Math.floor(random() * witnesses.length)]?.leave()
    join()
  }
  await setLink(server.origin, {})
  await stop()
  await publisher.publish(1)
  const { log } = await server.stats()
  book.trimmed(log.epoch, log.oldest - 1)
  book.healed(publisher.top, HEALING_MS)
  await until('way to the top', () => staying().every(isAt(publisher.top)), HEALING_MS).catch(() => {})
  for (const { reader } of witnesses) {
    totals.events += reader.audit.received
    totals.undeclaredGaps += reader.audit.undeclaredGaps
    reader.close()
  }
  totals.readers += witnesses.length
  const found = judge(book.read())
  totals.violations += found.length
  return found
}

/** One fault. Conditions of the link stay until the next; all others strike once. */
async function strike(server: ServerProcess, random: () => number): Promise<void> {
  const kind = Math.floor(random() * 6)
  if (kind === 0) await killAll(server.origin)
  else if (kind === 1) {
    server.child.kill('SIGSTOP')
    await delay(300 * random())
    server.child.kill('SIGCONT')
  } else if (kind === 2) server.block(300 * random())
  else if (kind === 3) await askAlone(server.origin, '/api/reset', 'POST', {})
  else {
    const [link = {}] = fc.sample(anyLinkConditions, { numRuns: 1, seed: Math.floor(random() * 2 ** 31) })
    await setLink(server.origin, link)
  }
}

/** What the server holds when nobody is there. */
interface Rest extends Measurement {
  readonly atMs: number
  /** Sockets of readers. */
  readonly readerSockets: number
  /** Sockets of those who command it. */
  readonly otherSockets: number
}

/** Waits until all readers are gone, then measures. */
async function rest(server: ServerProcess): Promise<Rest> {
  const giveUpMs = performance.now() + HEALING_MS
  for (;;) {
    // The pool of whoever polled keeps its connections for more than a minute. Streams must go by themselves.
    for (const technique of ['poll', 'long-poll']) await killAll(server.origin, technique)
    const { techniques, other } = await server.stats()
    const readerSockets = TECHNIQUES.reduce((sum, name) => sum + techniques[name].connections, 0)
    const measurement = await server.measure()
    const now = { ...measurement, atMs: performance.now(), readerSockets, otherSockets: other.connections }
    // The link's ends linger for some seconds when they have been told goodbye.
    const quiet = readerSockets === 0 && countOf(now, SOCKET) <= now.otherSockets
    if (quiet || performance.now() > giveUpMs) return now
    await delay(250)
  }
}

const SOCKET = 'TCPSocketWrap'

function leftOver(idle: Rest, now: Rest): string[] {
  const found: string[] = []
  if (now.readerSockets > 0) found.push(`${now.readerSockets} sockets of readers are left over.`)
  for (const kind of new Set(now.resources)) {
    // Whoever commands the server has as many sockets as its pool likes.
    const allowed = kind === SOCKET ? now.otherSockets : countOf(idle, kind)
    const count = countOf(now, kind)
    if (count > allowed) found.push(`${count - allowed} of ${kind} are left over.`)
  }
  return found
}

function countOf({ resources }: Rest, kind: string): number {
  return resources.filter(resource => resource === kind).length
}

/** Before that what is compiled and cached moves more than what leaks. */
const SLOPE_LEAST_ROUNDS = 12

/** The line through all measurements but those of the warm-up. */
function slope(rests: readonly Rest[], what: 'heapUsedBytes' | 'rssBytes'): string {
  const settled = rests.slice(Math.floor(rests.length / 5))
  const last = settled.at(-1)
  if (last === undefined || settled.length < SLOPE_LEAST_ROUNDS) return 'too short for a slope'
  const { m } = linearRegression(settled.map(({ atMs, [what]: bytes }) => [atMs, bytes]))
  const megabytes = (bytes: number) => (bytes / 1024 ** 2).toFixed(2)
  return `${megabytes(last[what])} MB, ${m < 0 ? '' : '+'}${megabytes(m * 3_600_000)} MB/h`
}
