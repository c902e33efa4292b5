import type { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { EventLog } from '../log/event-log.ts'
import type { SourceKind, SourceSettings, Timing } from '../protocol/api.ts'
import { type Random, seededRandom } from '../random.ts'
import { Refusal } from '../refusal.ts'
import { type Draft, type Feed, SourceError } from './feed.ts'
import { pace } from './pacer.ts'
import { replayFeed } from './replay.ts'
import { publishLines } from './stdin.ts'
import { syntheticFeed } from './synthetic.ts'

/** The running source. Besides it, only the API and `say` write to the log. */
export interface Source {
  readonly settings: SourceSettings
  /**
   * Takes effect at once. For `stdin` a rate of 0 pauses and any other rate resumes. Throws a refusal if the settings do
   * not fit together, and then changes nothing.
   */
  change(settings: Partial<SourceSettings>): void
  /** Publishes so many events in one turn, all with the same `at`. Resolves once they are in the log. */
  burst(count: number): Promise<void>
  reset(): void
  close(): void
}

export interface SourceOptions extends SourceSettings {
  /** The record that `replay` reads. */
  readonly file: string
  /** How much faster than the record, for `recorded`. */
  readonly speed: number
  readonly seed: number
  /** What `stdin` reads. */
  readonly stdin: Readable
  readonly complain: (sentence: string) => void
  /** Called with a sentence when stdin has ended. */
  readonly tell?: (sentence: string) => void
}

/** Starts the source. Throws `SourceError` where its file cannot be replayed. */
export function createSource(log: EventLog, clock: Clock, options: SourceOptions): Source {
  const { kind, rate, timing, payloadBytes } = options
  const atStart: SourceSettings = { kind, rate, timing, payloadBytes }
  const synthetic = syntheticFeed(() => settings.payloadBytes)
  const random = seededRandom(options.seed)
  const lines =
    kind === 'stdin' ? publishLines(options.stdin, log, { complain: options.complain, ended }) : null
  let settings = checked(atStart)
  let feed = feedOf(kind)
  let stop = start()

  return {
    get settings() {
      return settings
    },
    change,
    burst,
    reset: () => change(lines?.ended === true ? { ...atStart, rate: 0 } : atStart),
    close() {
      stop()
      lines?.close()
    },
  }

  function change(wanted: Partial<SourceSettings>): void {
    const next = checked({ ...settings, ...wanted })
    const nextFeed = next.kind === settings.kind ? feed : feedOnDemand(next.kind)
    stop()
    settings = next
    feed = nextFeed
    stop = start()
  }

  /** If the source has no events of its own, the burst is synthetic. */
  async function burst(count: number): Promise<void> {
    const at = clock.epochMs()
    const drafts = Array.from({ length: count }, feed ?? synthetic)
    await Promise.all(drafts.map(draft => log.append(draft.type, draft.data, at)))
  }

  function feedOf(wanted: SourceKind): Feed | null {
    if (wanted === 'replay') return replayFeed(options.file)
    return wanted === 'synthetic' ? synthetic : null
  }

  /** The record may not have been read at the start, or may have changed since. */
  function feedOnDemand(wanted: SourceKind): Feed | null {
    try {
      return feedOf(wanted)
    } catch (error) {
      if (error instanceof SourceError) throw NO_RECORD
      throw error
    }
  }

  function ended(read: number): void {
    settings = { ...settings, rate: 0 }
    options.tell?.(`stdin has ended after ${read} lines: no more events come from it.`)
  }

  function start(): () => void {
    if (lines !== null) {
      if (settings.rate > 0) lines.resume()
      return lines.pause
    }
    if (feed === null || settings.rate === 0) return () => {}
    return pacedBy(feed)
  }

  function pacedBy(next: Feed): () => void {
    let draft: Draft = next()
    return pace(
      clock,
      () => intervalMs(settings, draft.afterMs / options.speed, random),
      at => {
        // Never rejects, because a feed's drafts were checked when it was made.
        void log.append(draft.type, draft.data, at)
        draft = next()
      },
    )
  }

  function checked(next: SourceSettings): SourceSettings {
    if (next.timing === 'recorded' && next.kind !== 'replay') {
      throw new Refusal(
        400,
        'no-recorded-times',
        'Choose the timing poisson or fixed: only the replay source has recorded times.',
      )
    }
    if ((next.kind === 'stdin') !== (atStart.kind === 'stdin')) {
      throw new Refusal(
        400,
        'stdin-is-for-good',
        'Start the server with or without --source stdin: a running server cannot change to it or from it.',
      )
    }
    if (lines?.ended === true && next.rate > 0) throw STDIN_ENDED
    return next
  }
}

const NO_RECORD = new Refusal(
  409,
  'no-record',
  'Start the server with a --file that it can replay, or choose another source.',
)
const STDIN_ENDED = new Refusal(
  409,
  'stdin-ended',
  'Start the server again to publish more events: its stdin has ended.',
)

const INTERVALS: Readonly<Record<Timing, (rate: number, recordedMs: number, random: Random) => number>> = {
  poisson: (rate, _recordedMs, random) => (-Math.log(1 - random()) * 1000) / rate,
  fixed: rate => 1000 / rate,
  recorded: (_rate, recordedMs) => recordedMs,
}

function intervalMs({ timing, rate }: SourceSettings, recordedMs: number, random: Random): number {
  return INTERVALS[timing](rate, recordedMs, random)
}
