/** What the run says of each technique against the reference arm, in the words of the comparisons. */
import type { Comparison, Interval } from '../../server/protocol/run.ts'
import { percent } from '../judge/checks.ts'
import type { Block } from './block.ts'
import { titleOf } from './tables.ts'

/** More figures of one technique than this are counted instead of named. */
const NAMED = 4

export function comparedBlocks(comparisons: readonly Comparison[]): Block[] {
  const [first] = comparisons
  if (first === undefined) return []
  const metrics = [...new Set(comparisons.map(({ metric }) => metric))]
  const claimed = metrics.flatMap(metric =>
    comparisons.filter(found => found.metric === metric && found.verdict !== 'not claimed'),
  )
  const swept = comparisons.some(({ at }) => at !== null)
  const table: Block = {
    kind: 'table',
    columns: [
      'metric',
      ...(swept ? ['at'] : []),
      'technique',
      `÷ ${first.reference}`,
      '95 % interval',
      'p',
      'beyond',
      'finding',
    ],
    rows: claimed.map(({ metric, at, arm, ratio, interval, pValue, band, sentence }) => [
      titleOf(metric),
      ...(swept ? [at ?? ''] : []),
      arm,
      ratio === null ? '' : formatRatio(ratio),
      interval === null ? '' : formatInterval(interval),
      pValue === null ? '' : pValue.toFixed(3),
      percent(Math.expm1(band)),
      sentence,
    ]),
    cells: 'words',
  }
  return [
    { kind: 'heading', level: 3, text: `Compared with ${first.reference}` },
    ...(claimed.length === 0 ? [] : [table]),
    ...silence(comparisons),
  ]
}

/** Why nothing is claimed: once for each reason. */
function silence(comparisons: readonly Comparison[]): Block[] {
  /** Sentence → technique and place → metrics. */
  const about = new Map<string, Map<string, string[]>>()
  for (const { verdict, sentence, metric, arm, at } of comparisons) {
    if (verdict !== 'not claimed') continue
    const whose = about.get(sentence) ?? new Map<string, string[]>()
    const whom = at === null ? arm : `${arm}, ${at}`
    about.set(sentence, whose.set(whom, [...(whose.get(whom) ?? []), metric]))
  }
  const [[only] = []] = about
  if (about.size === 0 || only === undefined) return []
  if (about.size === 1 && comparisons.every(({ verdict }) => verdict === 'not claimed')) {
    return [{ kind: 'paragraph', text: `No difference is claimed. ${sentenceOf(only)}` }]
  }
  const items = [...about].map(([sentence, whose]) => {
    const named = [...whose].map(
      ([whom, metrics]) =>
        `${whom}: ${metrics.length > NAMED ? `${metrics.length} figures` : metrics.join(', ')}`,
    )
    return `${sentenceOf(sentence)} (${named.join('; ')})`
  })
  return [
    { kind: 'paragraph', text: 'Of these no difference is claimed:' },
    { kind: 'list', items },
  ]
}

/** `not claimed: 2 blocks, …` without what the heading above it has said. */
function sentenceOf(sentence: string): string {
  const reason = sentence.replace(/^not claimed: /, '')
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`
}

function formatInterval({ low, high }: Interval): string {
  return `${formatRatio(low)}–${formatRatio(high)}`
}

export function formatRatio(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(2) : ratio.toPrecision(3)
}
