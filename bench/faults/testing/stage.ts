import type { Technique } from '../../../server/protocol/techniques.ts'
import { formatCursor } from '../../../server/protocol/wire.ts'
import { type StartedLab, type StartOptions, startLab } from '../../../server/testing/start-lab.ts'
import { judge } from '../ledger.ts'
import { createLedgerBook, type LedgerBook } from '../ledger-book.ts'
import { createPublisher, type Publisher } from '../publisher.ts'
import { type ServerProcess, type ServerProcessOptions, startServerProcess } from '../server-process.ts'
import { HEALING_MS, limitMs, SERVER_TIMES } from '../times.ts'
import { until } from '../until.ts'
import { isAt, openWitness, type Witness, type WitnessOptions } from '../witness.ts'
import type { Tally } from './tally.ts'

/** Where one fault happens to one technique: servers, readers, publishers, and the ledger that judges them. */
export interface Stage {
  readonly technique: Technique
  readonly book: LedgerBook
  readonly witnesses: readonly Witness[]
  /** A lab in this process, with a publisher of its own. */
  lab(options?: StartOptions): Promise<StartedLab & { readonly publisher: Publisher }>
  /** The built server as a child process, with a publisher by HTTP. */
  server(options?: ServerProcessOptions): Promise<ServerProcess & { readonly publisher: Publisher }>
  /** Readers of this stage's technique, each at its place. */
  read(count: number, origin: string, options?: Partial<WitnessOptions>): Promise<Witness[]>
  /** One reader, wherever it stands. */
  open(origin: string, options?: Partial<WitnessOptions>): Witness
  /** A stage with a ledger of its own, cleared with this one. */
  another(): Stage
  /** Runs when the stage is cleared, the last first. */
  onEnd(clear: () => unknown): void
  /** Nothing is broken any more: everyone comes to the top in time, and the ledger is clean. */
  expectClean(top: string): Promise<void>
  clear(): Promise<void>
}

export function createStage(technique: Technique, tally: Tally): Stage {
  const book = createLedgerBook(() => performance.now())
  const witnesses: Witness[] = []
  const clearing: (() => unknown)[] = []
  const noteTrimmed: (() => Promise<void>)[] = []
  const numbers = { next: 1 }

  return {
    technique,
    book,
    witnesses,
    lab,
    server,
    read,
    open,
    another,
    onEnd: clear => clearing.push(clear),
    expectClean,
    clear,
  }

  async function lab(options: StartOptions = {}) {
    const started = await startLab({ ...options, policy: { ...SERVER_TIMES, ...options.policy } })
    const { log } = started.lab
    clearing.push(() => started.stop())
    noteTrimmed.push(async () => book.trimmed(log.epoch, log.oldest - 1))
    const append = async (data: unknown) => formatCursor(await log.append('test', data))
    return { ...started, publisher: createPublisher(book, append, numbers) }
  }

  async function server(options: ServerProcessOptions = {}) {
    const started = await startServerProcess({ ...options, policy: { ...SERVER_TIMES, ...options.policy } })
    clearing.push(() => started.kill())
    noteTrimmed.push(async () => {
      if (started.child.exitCode !== null || started.child.signalCode !== null) return
      const { log } = await started.stats()
      book.trimmed(log.epoch, log.oldest - 1)
    })
    return { ...started, publisher: createPublisher(book, started.append, numbers) }
  }

  async function read(count: number, origin: string, options: Partial<WitnessOptions> = {}) {
    const opened = Array.from({ length: count }, () => open(origin, options))
    await until('place for every reader', () => opened.every(({ reader }) => reader.place !== null), 15_000)
    for (const witness of opened) witness.begin()
    return opened
  }

  function open(origin: string, options: Partial<WitnessOptions> = {}): Witness {
    const name = `${technique} reader ${witnesses.length + 1}`
    const witness = openWitness(book, name, { technique, origin, ...options })
    clearing.push(() => witness.reader.close())
    witnesses.push(witness)
    return witness
  }

  function another(): Stage {
    const stage = createStage(technique, tally)
    clearing.push(stage.clear)
    return stage
  }

  /** Who had been told to come back later than the healing is given until then. */
  async function expectClean(top: string): Promise<void> {
    const withinMs = HEALING_MS + Math.max(0, ...witnesses.map(({ reader }) => returnsInMs(reader.state)))
    book.healed(top, withinMs)
    await until('way to the top', () => witnesses.every(isAt(top)), withinMs).catch(() => {})
    for (const note of noteTrimmed) await note()
    const violations = judge(book.read())
    const audits = witnesses.map(({ reader }) => reader.audit)
    const undeclared = audits.reduce((sum, audit) => sum + audit.undeclaredGaps, 0)
    tally.add(
      violations,
      undeclared,
      witnesses.length,
      audits.reduce((sum, audit) => sum + audit.received, 0),
    )
    const sentences = violations.map(({ sentence }) => sentence)
    if (undeclared > 0) sentences.push(`The readers counted ${undeclared} undeclared gaps.`)
    if (sentences.length > 0) throw new Error(sentences.slice(0, 20).join('\n'))
  }

  async function clear(): Promise<void> {
    for (const end of clearing.splice(0).reverse()) await end()
  }
}

function returnsInMs(state: Witness['reader']['state']): number {
  return state.name === 'reconnecting' ? Math.max(0, state.untilMs - performance.now()) : 0
}

/** Waits until all are at a cursor, though nothing need be healed yet. */
export async function allAt(witnesses: readonly Witness[], cursor: string): Promise<void> {
  await until(
    `reader at ${cursor}`,
    () => witnesses.every(isAt(cursor)),
    limitMs(20_000),
    () => witnesses.filter(witness => !isAt(cursor)(witness)).map(({ name, reader }) => [name, reader.place]),
  )
}
