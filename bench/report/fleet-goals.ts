/** What the bench's own readers may cost: they must not be what is measured. */
import type { SummaryRow } from '../../server/protocol/run.ts'
import type { Technique } from '../../server/protocol/techniques.ts'
import type { BenchRun, Trial } from '../judge/result.ts'
import { type Point, standing } from '../judge/series.ts'
import { summarizePoints } from '../judge/summary.ts'
import { type Goal, measuredIn } from './goal.ts'

/** What the load processes of one trial did in its window. */
interface Work {
  readonly cpuUs: number
  readonly reads: number
  readonly delivered: number
  readonly readsPerSecond: number
  /** Share of the readers that parse and time-stamp. */
  readonly sentinels: number
}

/** With fewer, it is waking up that is paid for. */
const READS_PER_SECOND = 5_000
/** So few sentinels, and it is the others that are read by. */
const FEW_SENTINELS = 0.05
/** So many events in a read, and it is no longer the read that is paid for. */
const EVENTS_A_READ = 16

const STREAMS: readonly Technique[] = ['sse', 'websocket']

export const FLEET_GOALS: readonly Goal[] = STREAMS.flatMap(technique => [
  goal(technique, 'read', 4, work => (isSingle(work) && isPlain(work) ? work.cpuUs / work.reads : null)),
  goal(technique, 'coalesced delivery', 0.5, work =>
    work.delivered >= EVENTS_A_READ * work.reads && isPlain(work) ? work.cpuUs / work.delivered : null,
  ),
  goal(technique, 'sentinel’s read', 7, work =>
    isSingle(work) && work.sentinels === 1 ? work.cpuUs / work.reads : null,
  ),
])

function isSingle({ reads, delivered }: Work): boolean {
  return delivered <= 1.1 * reads
}

function isPlain({ sentinels }: Work): boolean {
  return sentinels <= FEW_SENTINELS
}

/** `costUs` is `null` where a trial was of another kind. */
function goal(
  technique: Technique,
  what: string,
  limit: number,
  costUs: (work: Work) => number | null,
): Goal {
  return {
    text: `fleet of ${technique}: CPU of the load process per ${what}`,
    limit,
    unit: 'µs',
    bound: 'at most',
    measure(run, notes) {
      const points = run.trials
        .filter(({ arm, as, twin }) => arm === technique && as === null && !twin)
        .flatMap(trial => pointOf(trial, costUs))
      return points.length === 0 ? null : measuredIn(rowOf(run, technique, points), notes)
    },
  }
}

function pointOf(trial: Trial, costUs: (work: Work) => number | null): Point[] {
  const work = workOf(trial)
  const value = work === null || work.readsPerSecond < READS_PER_SECOND ? null : costUs(work)
  if (value === null) return []
  // What a busy host does to a latency it does to the load process.
  const stands = standing(trial, 'latency-p50')
  return [{ ...stands, value: stands.verdict === 'refused' || stands.verdict === 'failed' ? null : value }]
}

function workOf({ raw, axes }: Trial): Work | null {
  const { cpuMs, wallMs, reads, delivered } = (raw['loadWork'] ?? {}) as Record<string, unknown>
  const { readers, sentinels } = axes
  const known = [cpuMs, wallMs, reads, delivered, readers, sentinels].every(
    value => typeof value === 'number',
  )
  if (!known || Number(reads) === 0 || Number(delivered) === 0) return null
  return {
    cpuUs: Number(cpuMs) * 1000,
    reads: Number(reads),
    delivered: Number(delivered),
    readsPerSecond: (Number(reads) * 1000) / Number(wallMs),
    sentinels: Math.min(1, Number(sentinels) / Number(readers)),
  }
}

function rowOf({ seed }: BenchRun, arm: Technique, points: readonly Point[]): SummaryRow {
  const about = { scenario: 'delivery', arm, at: null, metric: 'fleet', unit: 'µs' }
  return { ...about, ...summarizePoints(points, seed) }
}
