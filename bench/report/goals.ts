/** The goals that the project set itself on a 2-core machine, held against what the run measured. */
import type { SummaryRow } from '../../server/protocol/run.ts'
import type { Technique } from '../../server/protocol/techniques.ts'
import { bandFor } from '../judge/comparison/noise-bands.ts'
import type { BenchRun } from '../judge/result.ts'
import type { MetricId } from '../scenarios/metrics.ts'
import { REFERENCE_ARM } from '../scenarios/scenario.ts'
import type { Block } from './block.ts'
import { findRow, formatNumber } from './figure.ts'
import { FLEET_GOALS } from './fleet-goals.ts'
import { completeIn, formatCount, type Goal, type Measured, measuredIn, rowsAt } from './goal.ts'
import { LARGE_FAN_OUT_GOALS } from './large-fan-out-goals.ts'
import type { Notes } from './notes.ts'

/** The connections at which the goals of memory are set. */
const CONNECTIONS = 8_000
const US_PER_S = 1e6

const GOALS: readonly Goal[] = [
  overFloor('websocket', 1.1, 'raw TCP'),
  overFloor('sse', 1.12, 'raw TCP'),
  overFloor('poll', 1.1, 'bare node:http'),
  overFloor('long-poll', 1.1, 'bare node:http'),
  ...firehose(1_000, 1_000, 950_000, 25),
  // The bench starts its server with no option set.
  ...firehose(4_000, 500, 5_000_000, 50, 'measured without --coalesce 10'),
  memory('websocket', 8),
  memory('sse', 9),
  memory('long-poll', 9.5),
  ...LARGE_FAN_OUT_GOALS,
  ...FLEET_GOALS,
  band('cpu-per-delivery', 'CPU', 3),
  band('latency-p50', 'p50', 10),
]

export function goalBlocks(run: BenchRun, notes: Notes): Block[] {
  const rows = GOALS.flatMap(goal => {
    const measured = goal.measure(run, notes)
    const limit = typeof goal.limit === 'number' ? goal.limit : goal.limit(run)
    if (measured === null || limit === null) return []
    const remark = measured.remark === undefined ? '' : `; ${measured.remark}`
    return [
      [
        goal.text,
        `${goal.bound} ${formatNumber(limit)} ${goal.unit}`,
        measured.figure,
        `${verdictOf(limit, goal, measured)}${remark}`,
      ],
    ]
  })
  if (rows.length === 0) return []
  return [
    { kind: 'heading', level: 2, text: 'Goals on a 2-core machine' },
    {
      kind: 'paragraph',
      text: '“Undecided” where the 95 % interval of the median holds the limit. Goals of which this run measured nothing are left out.',
    },
    { kind: 'table', columns: ['goal', 'limit', 'measured', 'met?'], rows, cells: 'words' },
  ]
}

function verdictOf(limit: number, { bound }: Goal, { value, interval, lossy }: Measured): string {
  if (lossy === true) return 'not met: lossy'
  if (value === null) return 'no figure'
  const meets = (figure: number) => (bound === 'at most' ? figure <= limit : figure >= limit)
  const [low, high] = [meets(interval?.low ?? value), meets(interval?.high ?? value)]
  if (low !== high) return 'undecided'
  return low ? 'met' : 'not met'
}

function overFloor(technique: Technique, limit: number, floor: string): Goal {
  return {
    text: `${technique}: CPU ÷ ${floor}`,
    limit,
    unit: '×',
    bound: 'at most',
    measure: (run, notes) =>
      measuredIn(findRow(run.summary, 'delivery', technique, null, 'times-floor'), notes),
  }
}

/** Many events to many readers: what a server's CPU-second brings, and how late. */
function firehose(
  eventsPerSecond: number,
  readers: number,
  perCpuSecond: number,
  p99Ms: number,
  remark?: string,
): Goal[] {
  const text = `${formatCount(eventsPerSecond)} events/s to ${formatCount(readers)} readers by ${REFERENCE_ARM}`
  const find = (run: BenchRun, metric: MetricId) =>
    rowsAt(run, REFERENCE_ARM, { eventsPerSecond, readers })(metric)
  const measured = (row: SummaryRow | undefined, notes: Notes) => {
    const complete = completeIn(row, notes)
    return complete && { ...complete, ...(remark === undefined ? {} : { remark }) }
  }
  return [
    {
      text: `${text}: events per server CPU-second`,
      limit: perCpuSecond,
      unit: '/s',
      bound: 'at least',
      measure(run, notes) {
        const row = find(run, 'cpu-per-delivery')
        return row === undefined ? null : measured(inverse(row), notes)
      },
    },
    {
      text: `${text}: p99`,
      limit: p99Ms,
      unit: 'ms',
      bound: 'at most',
      measure: (run, notes) => measured(find(run, 'latency-p99'), notes),
    },
  ]
}

function memory(technique: Technique, limit: number): Goal {
  return {
    text: `${technique}: RSS per idle connection, after GC, at ${formatCount(CONNECTIONS)}`,
    limit,
    unit: 'KB',
    bound: 'at most',
    measure(run, notes) {
      const row = findRow(run.summary, 'connections', technique, null, 'memory-per-connection')
      const measured = measuredIn(row, notes)
      const steps = run.trials.find(({ scenario }) => scenario === 'connections')?.axes['steps']
      const last: unknown = Array.isArray(steps) ? steps.at(-1) : undefined
      if (measured === null || typeof last !== 'number' || last >= CONNECTIONS) return measured
      return { ...measured, remark: `measured up to ${formatCount(last)}` }
    },
  }
}

function band(metric: MetricId, name: string, limit: number): Goal {
  return {
    text: `A/A band, ${name}`,
    limit,
    unit: '%',
    bound: 'at most',
    measure({ bands }) {
      const found = bandFor(bands, 'delivery', metric)
      if (found === null) return null
      const value = 100 * Math.expm1(found.share)
      return { figure: `${formatNumber(value)} (${found.n} pairs)`, value, interval: null }
    },
  }
}

/** Microseconds for each → so many in a second; the smaller becomes the larger. */
function inverse(row: SummaryRow): SummaryRow {
  const perSecond = (us: number | null) => (us === null ? null : US_PER_S / us)
  return {
    ...row,
    unit: '/s',
    value: perSecond(row.value),
    low: perSecond(row.high),
    high: perSecond(row.low),
    interval: row.interval && { low: US_PER_S / row.interval.high, high: US_PER_S / row.interval.low },
  }
}
