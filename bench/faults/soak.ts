/**
 * Readers that come, go and are cut for as long as you like: `npm run soak -- --minutes 120 [--seed 7]`.
 * Prints how the server's memory changed and what the ledger found. The exit code is 1 if an event was lost or repeated,
 * or if the server still held something when all readers had left.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { linearRegression } from 'simple-statistics'
import { isStream, TECHNIQUES } from '../../server/protocol/techniques.ts'
import { createRandom } from '../processes/random.ts'
import { killReaders, requestApi, setLink } from './api-client.ts'
import { RECOVERY_MS } from './contract-times.ts'
import { findViolations, type Violation } from './find-violations.ts'
import { createLedger } from './ledger.ts'
import type { Measurement } from './probe.ts'
import { createPublisher } from './publisher.ts'
import { randomLinkConditions } from './random-link-conditions.ts'
import { hasReached, openRecordingReader, type RecordingReader } from './recording-reader.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitUntil } from './wait-until.ts'

const USAGE =
  'Use: npm run soak -- --minutes <n> [--seed <n>], with more than 0 minutes and a whole number as seed.\n'

/** One round: readers come, faults strike, the faults end, the ledger is checked, and the server's memory is measured. */
const ROUND_MS = 5000
const FAULTS_PER_ROUND = 6
const READERS_PER_TECHNIQUE = 4
const PUBLISH_EVERY_MS = 10
const PAYLOAD_BYTES = 400
/** The log is full after the first rounds: from then on it is no reason for memory to grow. */
const SERVER_ARGS = ['--source', 'none', '--link-port', '0', '--keep-events', '500', '--keep-seconds', '3600']
const SERVER_POLICY = {
  heartbeatMs: 500,
  checkEveryMs: 50,
  undrainedMs: 1000,
  pongMs: 1000,
  // A pool that was aborted while it connected keeps a connection on which it never sends a request.
  headersMs: 2000,
  requestMs: 3000,
  retryMs: { least: 50, most: 150 },
}
const READER_POLICY = { baseMs: 50, capMs: 500, leastMs: 10, silentMs: 1500, graceMs: 500, behindMs: 300 }

async function main(): Promise<number> {
  const { minutes, seed } = readArguments()
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
    process.stderr.write(USAGE)
    return 2
  }
  print(`soak  ${minutes} minutes, seed ${seed}`)
  return (await soak(minutes, seed)) ? 0 : 1
}

function readArguments(): { minutes: number; seed: number } {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } })
    return { minutes: Number(values.minutes ?? 1), seed: Number(values.seed ?? Date.now() % 2 ** 32) }
  } catch {
    return { minutes: Number.NaN, seed: 0 }
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

interface Counters {
  violations: number
  undeclaredGaps: number
  leftOver: number
  events: number
  readers: number
}

/** Whether there was something to check, and nothing was wrong with it. */
async function soak(minutes: number, seed: number): Promise<boolean> {
  const random = createRandom(seed)
  const server = await startServerProcess({ policy: SERVER_POLICY, args: SERVER_ARGS })
  const endMs = performance.now() + minutes * 60_000
  const counters: Counters = { violations: 0, undeclaredGaps: 0, leftOver: 0, events: 0, readers: 0 }
  const snapshots: Snapshot[] = []

  try {
    const linkOrigin = await server.linkOrigin()
    const idle = await takeSnapshot(server)
    while (performance.now() < endMs) {
      for (const { sentence } of await runRound(server, linkOrigin, random, counters)) print(sentence)
      const snapshot = await takeSnapshot(server)
      for (const sentence of findLeftOver(idle, snapshot)) {
        counters.leftOver += 1
        print(sentence)
      }
      snapshots.push(snapshot)
    }
  } finally {
    await server.kill()
  }

  const { violations, undeclaredGaps, leftOver, events, readers } = counters
  print(`${snapshots.length} rounds, ${events} events to ${readers} readers`)
  print(`heap ${slope(snapshots, 'heapUsedBytes')}, RSS ${slope(snapshots, 'rssBytes')}`)
  print(`sockets and timers ${leftOver === 0 ? 'back to the baseline after each round' : 'left over'}`)
  print(
    `ledger ${violations === 0 ? 'clean' : `with ${violations} violations`}, ${undeclaredGaps} undeclared gaps`,
  )
  return violations + undeclaredGaps + leftOver === 0 && snapshots.length > 0
}

// ------------------------------------------------------------------------------------------ one round

async function runRound(
  server: ServerProcess,
  linkOrigin: string,
  random: () => number,
  counters: Counters,
): Promise<Violation[]> {
  const ledger = createLedger()
  const publisher = createPublisher(ledger, server.append)
  const readers: RecordingReader[] = []
  const openReaders = () => {
    for (const technique of TECHNIQUES) {
      const name = `${technique} reader ${readers.length + 1}`
      const origin = random() < 0.7 ? linkOrigin : server.origin
      readers.push(openRecordingReader(ledger, name, { technique, origin, policy: READER_POLICY }))
    }
  }
  const staying = () => readers.filter(({ state }) => state.name !== 'closed')
  const stopPublishing = publisher.every(PUBLISH_EVERY_MS, PAYLOAD_BYTES)
  for (let count = 0; count < READERS_PER_TECHNIQUE; count += 1) openReaders()

  for (let fault = 0; fault < FAULTS_PER_ROUND; fault += 1) {
    await injectFault(server, random)
    await delay((ROUND_MS / FAULTS_PER_ROUND) * (0.5 + random()))
    readers[Math.floor(random() * readers.length)]?.leave()
    openReaders()
  }
  await setLink(server.origin, {})
  await stopPublishing()
  await publisher.publish(1)
  const { log } = await server.stats()
  ledger.trimmed(log.epoch, log.oldest - 1)
  ledger.faultsOver(publisher.top, RECOVERY_MS)
  // The ledger reports the readers that do not arrive.
  await waitUntil(
    'every reader is at the top',
    () => staying().every(hasReached(publisher.top)),
    RECOVERY_MS,
  ).catch(() => {})
  for (const { audit, close } of readers) {
    counters.events += audit.received
    counters.undeclaredGaps += audit.undeclaredGaps
    close()
  }
  counters.readers += readers.length
  const violations = findViolations(ledger.read())
  counters.violations += violations.length
  return violations
}

/** One fault. Conditions of the link stay until the next ones; all others strike once. */
async function injectFault(server: ServerProcess, random: () => number): Promise<void> {
  const kind = Math.floor(random() * 6)
  if (kind === 0) await killReaders(server.origin)
  else if (kind === 1) {
    server.child.kill('SIGSTOP')
    await delay(300 * random())
    server.child.kill('SIGCONT')
  } else if (kind === 2) server.block(300 * random())
  else if (kind === 3) await requestApi(server.origin, '/api/reset', 'POST', {})
  else {
    const [link = {}] = fc.sample(randomLinkConditions, {
      numRuns: 1,
      seed: Math.floor(random() * 2 ** 31),
    })
    await setLink(server.origin, link)
  }
}

// ------------------------------------------------------------------------ what the server holds when idle

interface Snapshot extends Measurement {
  readonly atMs: number
  /** Sockets of readers. */
  readonly readerSockets: number
  /** Sockets of API clients. */
  readonly otherSockets: number
}

/** Waits until all readers are gone, then measures. */
async function takeSnapshot(server: ServerProcess): Promise<Snapshot> {
  const giveUpMs = performance.now() + RECOVERY_MS
  for (;;) {
    // A client's pool keeps the connections of its polls for more than a minute. Streams must end by themselves.
    for (const technique of TECHNIQUES) if (!isStream(technique)) await killReaders(server.origin, technique)
    const { techniques, other } = await server.stats()
    const readerSockets = TECHNIQUES.reduce((sum, name) => sum + techniques[name].connections, 0)
    const measurement = await server.measure()
    const snapshot = {
      ...measurement,
      atMs: performance.now(),
      readerSockets,
      otherSockets: other.connections,
    }
    // The link's own sockets stay for some seconds after both ends have closed.
    const quiet = readerSockets === 0 && countOf(snapshot, SOCKET) <= snapshot.otherSockets
    if (quiet || performance.now() > giveUpMs) return snapshot
    await delay(250)
  }
}

const SOCKET = 'TCPSocketWrap'

function findLeftOver(idle: Snapshot, now: Snapshot): string[] {
  const found: string[] = []
  if (now.readerSockets > 0) found.push(`${now.readerSockets} sockets of readers are left over.`)
  for (const kind of new Set(now.resources)) {
    // An API client has as many sockets as its pool likes.
    const allowed = kind === SOCKET ? now.otherSockets : countOf(idle, kind)
    const count = countOf(now, kind)
    if (count > allowed) found.push(`${count - allowed} of ${kind} are left over.`)
  }
  return found
}

function countOf({ resources }: Snapshot, kind: string): number {
  return resources.filter(resource => resource === kind).length
}

/** With fewer rounds, compiling and filling caches change memory more than a leak does. */
const SLOPE_LEAST_ROUNDS = 12

/** The slope of a line through all snapshots but those of the first fifth, in which the server warms up. */
function slope(snapshots: readonly Snapshot[], what: 'heapUsedBytes' | 'rssBytes'): string {
  const settled = snapshots.slice(Math.floor(snapshots.length / 5))
  const last = settled.at(-1)
  if (last === undefined || settled.length < SLOPE_LEAST_ROUNDS) return 'too short for a slope'
  const { m } = linearRegression(settled.map(({ atMs, [what]: bytes }) => [atMs, bytes]))
  const megabytes = (bytes: number) => (bytes / 1024 ** 2).toFixed(2)
  return `${megabytes(last[what])} MB, ${m < 0 ? '' : '+'}${megabytes(m * 3_600_000)} MB/h`
}

process.exitCode = await main()
