import {
  type Arm,
  type Comparison,
  type Fact,
  type Place,
  placeKey,
  type Run,
} from '../../server/protocol/run.ts'
import { mergeFacts } from './merge-facts.ts'
import { bandFor } from './noise.ts'
import { ARMS, comparePlaces, isPlace } from './scenario-table.ts'
import type { Cell, Row, Table } from './table.ts'
import {
  armName,
  claimText,
  factSentence,
  metricTitle,
  placeLabel,
  runText,
  scenarioTitle,
} from './text/en.ts'

export interface Claims {
  readonly table: Table
  /** Whether there is any finding in it. */
  readonly claimed: boolean
  /** Why there is no finding where there is none, each reason once. */
  readonly obstacles: readonly Fact[]
}

/** What the run itself claims of one scenario, arm against reference, and the noise below which it claims nothing. */
export function comparisonTable(run: Pick<Run, 'comparisons' | 'bands'>, scenario: string): Claims | null {
  const comparisons = run.comparisons.filter(each => each.scenario === scenario)
  const bands = run.bands.filter(band => band.scenario === scenario)
  const reference = comparisons[0]?.reference ?? bands[0]?.arm
  if (reference === undefined) return null
  const words = runText.comparisons
  const arms = ARMS.filter(arm => comparisons.some(each => each.arm === arm))
  const caption = words.title(reference)
  const rows = linesOf(
    comparisons,
    bands.filter(({ share }) => share > 0).map(({ metric }) => metric),
  ).map(({ metric, at }): Row => {
    const band = bandFor(bands, scenario, metric)
    const noise: Cell = band === null ? '' : { words: words.band(band.share), small: [words.pairs(band.n)] }
    return {
      name: metricTitle(metric),
      group: at === null ? null : placeLabel(at),
      cells: [noise, ...arms.map(arm => claimCell(comparisons, metric, at, arm))],
    }
  })
  return {
    table: {
      id: `${scenario}-claims`,
      caption,
      name: `${scenarioTitle(scenario)}: ${caption}`,
      columns: [
        { text: runText.metric },
        { text: words.noise },
        ...arms.map(arm => ({ text: words.against(arm, reference) })),
      ],
      rows,
      notes: [],
    },
    claimed: comparisons.some(({ verdict }) => verdict !== 'not-claimed'),
    obstacles: mergeFacts(comparisons.flatMap(({ obstacle }) => obstacle ?? [])),
  }
}

interface Line {
  readonly metric: string
  readonly at: Place | null
}

/** A line for each metric and place that is compared, and behind them the noise of metrics that are not. */
function linesOf(comparisons: readonly Comparison[], metrics: readonly string[]): readonly Line[] {
  const compared = comparisons.map(({ metric, at }): Line => ({ metric, at }))
  const alone = metrics
    .filter(metric => !comparisons.some(each => each.metric === metric))
    .map((metric): Line => ({ metric, at: null }))
  const lines = new Map([...compared, ...alone].map(line => [`${line.metric} ${placeKey(line.at)}`, line]))
  return [...lines.values()].sort((a, b) => comparePlaces(a.at, b.at))
}

function claimCell(comparisons: readonly Comparison[], metric: string, at: Place | null, arm: Arm): Cell {
  const found = comparisons.find(each => each.metric === metric && each.arm === arm && isPlace(each.at, at))
  if (found === undefined) return ''
  const { verdict, n, pValue, obstacle, reference } = found
  return {
    words: claimText(found, armName(reference)),
    claim: verdict,
    small: [...(obstacle === null ? [] : [factSentence(obstacle)]), runText.comparisons.behind(n, pValue)],
  }
}
