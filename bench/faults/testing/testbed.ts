import type { Technique } from '../../../server/protocol/techniques.ts'
import { formatCursor } from '../../../server/protocol/wire.ts'
import { type StartedLab, type StartOptions, startLab } from '../../../server/testing/start-lab.ts'
import { limitMs, RECOVERY_MS, SERVER_TIMES } from '../contract-times.ts'
import { findViolations, type Violation } from '../find-violations.ts'
import { createLedger, type LedgerWriter } from '../ledger.ts'
import { createPublisher, type Publisher } from '../publisher.ts'
import {
  hasReached,
  openRecordingReader,
  type RecordingReader,
  type RecordingReaderOptions,
} from '../recording-reader.ts'
import {
  type ServerProcess,
  type ServerProcessOptions,
  SILENT_SERVER,
  startServerProcess,
} from '../server-process.ts'
import { waitUntil } from '../wait-until.ts'

/** Injects one fault and checks what must hold; rejects if it does not. */
export type FaultTest = (testbed: Testbed) => Promise<void>

/** What a fault test of one technique works with: servers, publishers, readers, and the ledger that checks them. */
export interface Testbed {
  readonly technique: Technique
  readonly ledger: LedgerWriter
  readonly readers: readonly RecordingReader[]
  /** Starts a lab in this process, with a publisher. */
  startLab(options?: StartOptions): Promise<StartedLab & { readonly publisher: Publisher }>
  /** Starts the compiled server as a child process, with a publisher by HTTP. It is silent and has no link. */
  startServer(options?: ServerProcessOptions): Promise<ServerProcess & { readonly publisher: Publisher }>
  /** Opens readers of the technique, and waits until each has its cursor. */
  openReaders(
    count: number,
    origin: string,
    options?: Partial<RecordingReaderOptions>,
  ): Promise<RecordingReader[]>
  /** Opens one reader, without waiting for anything. */
  openReader(origin: string, options?: Partial<RecordingReaderOptions>): RecordingReader
  /** A testbed with a ledger of its own, cleaned up with this one. */
  another(): Testbed
  /** Runs at the end, the last one given first. */
  onEnd(cleanUp: () => unknown): void
  /** No fault is active any more: every reader reaches the top in time, and the ledger is clean. */
  expectRecovery(top: string): Promise<void>
  cleanUp(): Promise<void>
}

/** Counts over all testbeds of a run. */
export interface FaultCounters {
  readers: number
  events: number
  lost: number
  repeated: number
  disordered: number
  otherViolations: number
}

export function createTestbed(technique: Technique, counters: FaultCounters): Testbed {
  const ledger = createLedger()
  const readers: RecordingReader[] = []
  const cleanUps: (() => unknown)[] = []
  const recordTrimmed: (() => Promise<void>)[] = []
  const numbers = { next: 1 }

  return {
    technique,
    ledger,
    readers,
    startLab: startLabHere,
    startServer,
    openReaders,
    openReader,
    another,
    onEnd: cleanUp => cleanUps.push(cleanUp),
    expectRecovery,
    cleanUp,
  }

  async function startLabHere(options: StartOptions = {}) {
    const started = await startLab({ ...options, policy: { ...SERVER_TIMES, ...options.policy } })
    const { log } = started.lab
    cleanUps.push(() => started.stop())
    recordTrimmed.push(async () => ledger.trimmed(log.epoch, log.oldest - 1))
    const append = async (data: unknown) => formatCursor(await log.append('test', data))
    return { ...started, publisher: createPublisher(ledger, append, numbers) }
  }

  async function startServer(options: ServerProcessOptions = {}) {
    const started = await startServerProcess({
      ...options,
      policy: { ...SERVER_TIMES, ...options.policy },
      args: [...SILENT_SERVER, ...(options.args ?? [])],
    })
    cleanUps.push(() => started.kill())
    recordTrimmed.push(async () => {
      if (started.child.exitCode !== null || started.child.signalCode !== null) return
      const { log } = await started.stats()
      ledger.trimmed(log.epoch, log.oldest - 1)
    })
    return { ...started, publisher: createPublisher(ledger, started.append, numbers) }
  }

  async function openReaders(count: number, origin: string, options: Partial<RecordingReaderOptions> = {}) {
    const opened = Array.from({ length: count }, () => openReader(origin, options))
    await waitUntil('every reader has a cursor', () => opened.every(({ cursor }) => cursor !== null), 15_000)
    for (const reader of opened) reader.recordStart()
    return opened
  }

  function openReader(origin: string, options: Partial<RecordingReaderOptions> = {}): RecordingReader {
    const name = `${technique} reader ${readers.length + 1}`
    const reader = openRecordingReader(ledger, name, { technique, origin, ...options })
    cleanUps.push(() => reader.close())
    readers.push(reader)
    return reader
  }

  function another(): Testbed {
    const testbed = createTestbed(technique, counters)
    cleanUps.push(testbed.cleanUp)
    return testbed
  }

  /** Readers that wait before their next attempt get that time in addition. */
  async function expectRecovery(top: string): Promise<void> {
    const withinMs = RECOVERY_MS + Math.max(0, ...readers.map(retryInMs))
    ledger.faultsOver(top, withinMs)
    // The ledger reports the readers that do not arrive.
    await waitUntil('every reader is at the top', () => readers.every(hasReached(top)), withinMs).catch(
      () => {},
    )
    for (const record of recordTrimmed) await record()
    const violations = findViolations(ledger.read())
    const undeclaredGaps = readers.reduce((sum, { audit }) => sum + audit.undeclaredGaps, 0)
    count(violations, undeclaredGaps)
    const sentences = violations.map(({ sentence }) => sentence)
    if (undeclaredGaps > 0) sentences.push(`The readers counted ${undeclaredGaps} undeclared gaps.`)
    if (sentences.length > 0) throw new Error(sentences.slice(0, 20).join('\n'))
  }

  function count(violations: readonly Violation[], undeclaredGaps: number): void {
    counters.readers += readers.length
    counters.events += readers.reduce((sum, { audit }) => sum + audit.received, 0)
    counters.lost += undeclaredGaps
    for (const { kind } of violations) {
      if (kind === 'lost' || kind === 'repeated' || kind === 'disordered') counters[kind] += 1
      else counters.otherViolations += 1
    }
  }

  async function cleanUp(): Promise<void> {
    for (const end of cleanUps.splice(0).reverse()) await end()
  }
}

/** How long a reader still waits before its next attempt. */
export function retryInMs({ state }: RecordingReader): number {
  return state.name === 'reconnecting' ? Math.max(0, state.untilMs - performance.now()) : 0
}

/** Waits until all readers have reached a cursor, while faults may still be active. */
export async function allReach(readers: readonly RecordingReader[], cursor: string): Promise<void> {
  const reached = hasReached(cursor)
  await waitUntil(
    `every reader has reached ${cursor}`,
    () => readers.every(reached),
    limitMs(20_000),
    () => readers.filter(reader => !reached(reader)).map(reader => [reader.name, reader.cursor]),
  )
}
