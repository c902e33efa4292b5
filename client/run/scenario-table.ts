import { type Arm, FLOORS, type Run, type SummaryRow } from '../../server/protocol/run.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { SUBJECTS, type Subject, subjectOf } from './metric.ts'

/** One scenario as a table, of one run or of several side by side: arms down, metrics across. */
export interface ScenarioTable {
  readonly scenario: string
  /** Several arms at each of several places: arms are compared within a place, else over the whole table. */
  readonly swept: boolean
  readonly columns: readonly Column[]
  readonly rows: readonly TableRow[]
}

export interface Column {
  readonly metric: string
  readonly unit: string
  readonly subject: Subject
}

export interface TableRow {
  readonly arm: Arm
  /** Of a floor: the technique whose bytes it sent. */
  readonly as: Technique | null
  readonly at: string | null
  /** For each column, and in it for each run, all that was said: nothing is a hole, two a fault not to be hidden. */
  readonly cells: readonly (readonly (readonly SummaryRow[])[])[]
}

/** The arms as the lab always orders them, the floors last. */
export const ARMS: readonly Arm[] = [...TECHNIQUES, ...FLOORS]

/** A trial that measured nothing has one row of this metric: it stands for all. */
const ANY = 'any'
const inOrder = new Intl.Collator('en', { numeric: true })

/** Scenarios stand in the order of their questions, metrics in that of the first run, places by number. */
export function scenarioTables(
  runs: readonly Pick<Run, 'summary' | 'questions'>[],
): readonly ScenarioTable[] {
  const asked = runs.flatMap(run => Object.keys(run.questions))
  const measured = runs.flatMap(run => run.summary.map(row => row.scenario))
  const scenarios = new Set([...asked, ...measured])
  return [...scenarios].flatMap(scenario => {
    const rows = runs.map(run => run.summary.filter(row => row.scenario === scenario).map(keyed))
    return rows.some(of => of.length > 0) ? [tableOf(scenario, rows)] : []
  })
}

interface KeyedRow {
  readonly row: SummaryRow
  readonly metric: string
  readonly as: Technique | null
  readonly key: string
}

/** `cpu-per-delivery-as-sse` is `cpu-per-delivery`, of a floor that sends SSE's bytes. */
function keyed(row: SummaryRow): KeyedRow {
  const [metric = row.metric, name] = row.metric.split('-as-')
  const as = TECHNIQUES.find(technique => technique === name) ?? null
  return { row, as, metric: as === null ? row.metric : metric, key: `${row.at} ${row.arm} ${as}` }
}

function tableOf(scenario: string, runs: readonly (readonly KeyedRow[])[]): ScenarioTable {
  const all = runs.flat()
  const keys = new Map(all.map(each => [each.key, each]))
  const columns = columnsOf(all)
  const rows = [...keys]
    .map(([key, { row, as }]): TableRow => {
      const own = runs.map(run => run.filter(each => each.key === key))
      return {
        arm: row.arm,
        as,
        at: row.at,
        cells: columns.map(({ metric }) =>
          own.map(of => {
            const found = of.filter(each => each.metric === metric)
            return (found.length > 0 ? found : of.filter(each => each.metric === ANY)).map(each => each.row)
          }),
        ),
      }
    })
    .sort(byPlaceThenArm)
  return { scenario, swept: isSwept(rows), columns, rows }
}

function columnsOf(rows: readonly KeyedRow[]): readonly Column[] {
  const lists = new Map<string, string[]>()
  for (const { key, metric } of rows) lists.set(key, [...(lists.get(key) ?? []), metric])
  const units = new Map(rows.map(({ metric, row }) => [metric, row.unit]))
  const metrics = merge([...lists.values()])
  const columns = metrics.map(metric => ({
    metric,
    unit: units.get(metric) ?? '',
    subject: subjectOf(metric),
  }))
  const measured = columns.filter(({ metric }) => metric !== ANY)
  const shown = measured.length > 0 ? measured : columns
  return SUBJECTS.flatMap(subject => shown.filter(column => column.subject === subject))
}

/** One order out of several: what only a later list has comes behind what stands before it there. */
function merge(lists: readonly (readonly string[])[]): readonly string[] {
  const merged: string[] = []
  for (const list of lists) {
    let after = -1
    for (const item of list) {
      const found = merged.indexOf(item)
      if (found < 0) merged.splice(++after, 0, item)
      else after = found
    }
  }
  return merged
}

function byPlaceThenArm(a: TableRow, b: TableRow): number {
  return (
    inOrder.compare(a.at ?? '', b.at ?? '') ||
    ARMS.indexOf(a.arm) - ARMS.indexOf(b.arm) ||
    ARMS.indexOf(a.as ?? a.arm) - ARMS.indexOf(b.as ?? b.arm)
  )
}

function isSwept(rows: readonly TableRow[]): boolean {
  const places = new Set(rows.map(row => row.at))
  return places.size > 1 && rows.length > places.size
}

/** The rows that are compared with one another: techniques only, place by place if there are several at each. */
export function peersOf(table: ScenarioTable): readonly (readonly TableRow[])[] {
  const techniques = table.rows.filter(row => row.as === null && row.arm !== 'tcp' && row.arm !== 'http')
  if (!table.swept) return [techniques]
  return placesOf(table).map(at => techniques.filter(row => row.at === at))
}

export function placesOf({ rows }: ScenarioTable): readonly (string | null)[] {
  return [...new Set(rows.map(row => row.at))]
}
