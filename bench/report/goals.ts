/** The goals that the project set itself on a 2-core machine, held against what the run measured. */
import type { Interval, SummaryRow, Technique } from '../../server/protocol.ts'
import { bandFor } from '../comparison/noise-bands.ts'
import type { MetricId } from '../metric.ts'
import type { BenchRun } from '../result.ts'
import { REFERENCE_ARM } from '../scenario.ts'
import type { Block, Cell } from './block.ts'
import { figureCell, findRow, formatNumber } from './figure.ts'
import type { Notes } from './notes.ts'

interface Goal {
  readonly text: string
  readonly limit: number
  readonly unit: string
  /** `at least` for what should be large. */
  readonly bound: 'at most' | 'at least'
  /** `null`: this run did not measure it. */
  measure(run: BenchRun, notes: Notes): Measured | null
}

interface Measured {
  readonly figure: string | Cell
  readonly value: number | null
  readonly interval: Interval | null
  /** Where it was measured otherwise than the goal says. */
  readonly remark?: string
}

/** The connections at which the goals of memory are set. */
const CONNECTIONS = 8_000
const US_PER_S = 1e6

const GOALS: readonly Goal[] = [
  overFloor('websocket', 1.1, 'raw TCP'),
  overFloor('sse', 1.12, 'raw TCP'),
  overFloor('poll', 1.1, 'bare node:http'),
  overFloor('long-poll', 1.1, 'bare node:http'),
  ...firehose(1_000, 1_000, 950_000, 25),
  ...firehose(4_000, 500, 5_000_000, 50),
  memory('websocket', 8),
  memory('sse', 9),
  memory('long-poll', 9.5),
  band('cpu-per-delivery', 'CPU', 3),
  band('latency-p50', 'p50', 10),
]

export function goalBlocks(run: BenchRun, notes: Notes): Block[] {
  const rows = GOALS.flatMap(goal => {
    const measured = goal.measure(run, notes)
    if (measured === null) return []
    const remark = measured.remark === undefined ? '' : `; ${measured.remark}`
    return [
      [
        goal.text,
        `${goal.bound} ${formatNumber(goal.limit)} ${goal.unit}`,
        measured.figure,
        `${verdictOf(goal, measured)}${remark}`,
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

function verdictOf({ limit, bound }: Goal, { value, interval }: Measured): string {
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
function firehose(eventsPerSecond: number, readers: number, perCpuSecond: number, p99Ms: number): Goal[] {
  const text = `${formatCount(eventsPerSecond)} events/s to ${formatCount(readers)} readers by ${REFERENCE_ARM}`
  const find = ({ trials, summary }: BenchRun, metric: MetricId) => {
    const trial = trials.find(
      ({ arm, axes }) =>
        arm === REFERENCE_ARM && axes['eventsPerSecond'] === eventsPerSecond && axes['readers'] === readers,
    )
    return trial && findRow(summary, trial.scenario, trial.arm, trial.at, metric)
  }
  return [
    {
      text: `${text}: events per server CPU-second`,
      limit: perCpuSecond,
      unit: '/s',
      bound: 'at least',
      measure(run, notes) {
        const row = find(run, 'cpu-per-delivery')
        return row === undefined ? null : measuredIn(inverse(row), notes)
      },
    },
    {
      text: `${text}: p99`,
      limit: p99Ms,
      unit: 'ms',
      bound: 'at most',
      measure: (run, notes) => measuredIn(find(run, 'latency-p99'), notes),
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

function measuredIn(row: SummaryRow | undefined, notes: Notes): Measured | null {
  return row === undefined
    ? null
    : { figure: figureCell(row, notes), value: row.value, interval: row.interval }
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

function formatCount(count: number): string {
  return count.toLocaleString('en')
}
