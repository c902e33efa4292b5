import {
  ANY_METRIC,
  type Arm,
  FLOORS,
  METRIC_SUBJECTS,
  type MetricSubject,
  type Place,
  placeKey,
  type Run,
  type SummaryRow,
} from '../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'

/** One scenario as a table, of one run or of several side by side: arms down, metrics across. */
export interface ScenarioTable {
  readonly scenario: string
  /** Several arms at each of several places: arms are compared within a place, else over the whole table. */
  readonly swept: boolean
  readonly columns: readonly MetricColumn[]
  readonly rows: readonly ArmRow[]
}

export interface MetricColumn {
  readonly metric: string
  readonly unit: string
  readonly better: 'lower' | 'higher' | null
  readonly subject: MetricSubject
}

export interface ArmRow {
  readonly arm: Arm
  /** Of a floor: the technique whose bytes it sent. */
  readonly as: Technique | null
  readonly at: Place | null
  /** For each column, and in it for each run, all that was said: nothing is a hole, two a fault not to be hidden. */
  readonly cells: readonly (readonly (readonly SummaryRow[])[])[]
}

/** The arms as the lab always orders them, the floors last. */
export const ARMS: readonly Arm[] = [...TECHNIQUES, ...FLOORS]

/** More columns than this side by side, and a table is cut by what its metrics speak of. */
const COLUMNS_TOGETHER = 6

type Tabled = Pick<Run, 'summary' | 'scenarios' | 'metrics'>

/** Scenarios and metrics stand in the order of the runs, places by their value. */
export function scenarioTables(runs: readonly Tabled[]): readonly ScenarioTable[] {
  const measured = runs.flatMap(run => run.summary.map(row => row.scenario))
  const scenarios = new Set([...runs.flatMap(run => run.scenarios), ...measured])
  return [...scenarios].flatMap(scenario => {
    const rows = runs.map(run => run.summary.filter(row => row.scenario === scenario))
    return rows.some(of => of.length > 0) ? [tableOf(scenario, rows, runs)] : []
  })
}

function tableOf(
  scenario: string,
  runs: readonly (readonly SummaryRow[])[],
  from: readonly Tabled[],
): ScenarioTable {
  const all = runs.flat()
  const columns = columnsOf(new Set(all.map(({ metric }) => metric)), from)
  const keys = new Map(all.map(row => [keyOf(row), row]))
  const rows = [...keys]
    .map(([key, { arm, as, at }]): ArmRow => {
      const own = runs.map(run => run.filter(row => keyOf(row) === key))
      const cells = columns.map(({ metric }) =>
        own.map(of => {
          const found = of.filter(row => row.metric === metric)
          return found.length > 0 ? found : of.filter(row => row.metric === ANY_METRIC)
        }),
      )
      return { arm, as, at, cells }
    })
    .sort(byPlaceThenArm)
  return { scenario, swept: isSwept(rows), columns, rows }
}

function keyOf({ arm, as, at }: Pick<ArmRow, 'arm' | 'as' | 'at'>): string {
  return `${arm} ${as} ${placeKey(at)}`
}

export function isPlace(one: Place | null, other: Place | null): boolean {
  return placeKey(one) === placeKey(other)
}

/** A metric that no run defines has neither unit nor direction, and is shown all the same. */
function columnsOf(metrics: ReadonlySet<string>, runs: readonly Tabled[]): readonly MetricColumn[] {
  const definitions = Object.assign({}, ...runs.map(run => run.metrics).reverse()) as Run['metrics']
  const known = [...new Set(runs.flatMap(run => Object.keys(run.metrics)))]
  const unknown = [...metrics].filter(metric => !known.includes(metric))
  const measured = [...known, ...unknown].filter(metric => metrics.has(metric))
  const shown = measured.some(metric => metric !== ANY_METRIC)
    ? measured.filter(metric => metric !== ANY_METRIC)
    : measured
  const columns = shown.map((metric): MetricColumn => {
    const { unit = '', better = null, subject = 'rest' } = definitions[metric] ?? {}
    return { metric, unit, better, subject }
  })
  return METRIC_SUBJECTS.flatMap(subject => columns.filter(column => column.subject === subject))
}

function byPlaceThenArm(a: ArmRow, b: ArmRow): number {
  return (
    comparePlaces(a.at, b.at) ||
    ARMS.indexOf(a.arm) - ARMS.indexOf(b.arm) ||
    ARMS.indexOf(a.as ?? a.arm) - ARMS.indexOf(b.as ?? b.arm)
  )
}

/** Along the axis that is swept. */
export function comparePlaces(a: Place | null, b: Place | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  return a.value - b.value || comparePlaces(a.and ?? null, b.and ?? null)
}

function isSwept(rows: readonly ArmRow[]): boolean {
  const places = placesOf({ rows })
  return places.length > 1 && rows.length > places.length
}

/** Where its rows were measured; each place once. */
export function placesOf({
  rows,
}: {
  readonly rows: readonly { readonly at: Place | null }[]
}): readonly (Place | null)[] {
  return [...new Map(rows.map(({ at }) => [placeKey(at), at])).values()]
}

export function isFloor(arm: Arm): boolean {
  return FLOORS.some(floor => floor === arm)
}

/** The rows that are compared with one another: techniques only, place by place if there are several at each. */
export function peersOf(table: ScenarioTable): readonly (readonly ArmRow[])[] {
  const techniques = table.rows.filter(({ arm }) => !isFloor(arm))
  if (!table.swept) return [techniques]
  return placesOf(table).map(at => techniques.filter(row => isPlace(row.at, at)))
}

/** A wide table cut by what its metrics speak of; of a floor only where it measured something. */
export function partsOf(
  table: ScenarioTable,
): readonly (ScenarioTable & { readonly subject: MetricSubject | null })[] {
  if (table.columns.length <= COLUMNS_TOGETHER) return [{ ...table, subject: null }]
  return METRIC_SUBJECTS.flatMap(subject => {
    const kept = table.columns.flatMap((column, index) => (column.subject === subject ? [index] : []))
    const columns = table.columns.filter(column => column.subject === subject)
    const rows = table.rows
      .map(row => ({ ...row, cells: row.cells.filter((_, index) => kept.includes(index)) }))
      .filter(({ cells }) => cells.some(cell => cell.some(of => of.length > 0)))
    return columns.length === 0 ? [] : [{ ...table, subject, columns, rows }]
  })
}
