import { type Curve, type CurvesAt, namedPercentiles } from './curves.ts'
import { formatCount, formatMs } from './format.ts'
import { type Cell, numberCell, type Table } from './table.ts'
import { armName, placeLabel, runText } from './text/en.ts'

/** The percentiles of all trials together, place by place. */
export function curveTable(scenario: string, places: readonly CurvesAt[]): Table {
  const words = runText.curve
  const shares = namedPercentiles(places)
  const heads = [runText.arm, ...shares.map(words.percentile), words.maximum, words.publishes, words.trials]
  const milliseconds = (ms: number | null): Cell => (ms === null ? '' : numberCell(formatMs(ms)))
  return {
    id: `${scenario}-percentiles`,
    caption: null,
    name: words.table,
    columns: heads.map(text => ({ text })),
    rows: places.flatMap(({ at, curves }) =>
      curves.map(curve => ({
        name: armName(curve.technique),
        arm: curve.technique,
        group: at === null ? null : placeLabel(at),
        cells: [
          ...shares.map(share => milliseconds(curve.at(share))),
          milliseconds(curve.maxMs),
          numberCell(formatCount(curve.publishes)),
          numberCell(words.left(curve.left, curve.trials)),
        ],
      })),
    ),
    notes: [],
  }
}

/** What the picture of the curves shows, in a sentence. */
export function curveLabel(curves: readonly Curve[]): string {
  const words = runText.curve
  return words.label(
    curves.flatMap(curve => {
      const { technique, points } = curve
      const [medianMs, end] = [curve.at(0.5), points.at(-1)]
      return medianMs === null || end === undefined
        ? []
        : [words.part(technique, medianMs, 1 - 1 / end.beyond, end.ms)]
    }),
  )
}
