/** The pictures of the HTML report, as inline SVG. */
import { type Bars, barsLabel } from '../../client/run/bars.ts'
import { curveLabel } from '../../client/run/curve-table.ts'
import { CURVES_BEGIN, type Curve, curveFrame } from '../../client/run/curves.ts'
import { formatValue } from '../../client/run/format.ts'
import { formatFigure } from '../../client/run/table.ts'
import { armName, metricTitle, placeLabel, runText, verdictMark } from '../../client/run/text/en.ts'
import type { Arm } from '../../server/protocol/run.ts'
import { type Shape, TECHNIQUES, type Technique, traitsOf } from '../../server/protocol/techniques.ts'
import { escapeHtml } from './escape-html.ts'

/** Colour, shape and name together say which technique it is. */
const CHARACTERS: Readonly<Record<Shape, string>> = {
  square: '■',
  diamond: '◆',
  triangle: '▲',
  circle: '●',
  'triangle-down': '▼',
  bar: '▬',
}

const WIDTH = 720
const LABEL_WIDTH = 130
/** Where the place on a swept axis stands behind the name. */
const SWEPT_LABEL_WIDTH = 230
const VALUE_WIDTH = 130
const ROW_HEIGHT = 30
const BAR_HEIGHT = 16

/** Horizontal bars from zero. */
export function drawBars(drawn: Bars): string {
  const { column, highest } = drawn
  const bars = drawn.bars.filter(({ row }) => row.value !== null)
  const left = bars.some(({ at }) => at !== null) ? SWEPT_LABEL_WIDTH : LABEL_WIDTH
  const scale = highest <= 0 ? 0 : (WIDTH - left - VALUE_WIDTH) / highest
  const lines = bars.map(({ at, row }, index) => {
    const { arm, value, low, high } = row
    const middle = index * ROW_HEIGHT + ROW_HEIGHT / 2
    const width = (figure: number | null) => Math.max(0, figure ?? 0) * scale
    const x = (figure: number) => (left + width(figure)).toFixed(1)
    const name = at === null ? armName(arm) : `${armName(arm)}, ${placeLabel(at)}`
    return [
      `<text class="${arm}" x="0" y="${middle + 5}">${characterOf(arm)}</text>`,
      `<text x="20" y="${middle + 5}">${escapeHtml(name)}</text>`,
      `<rect class="${arm}" x="${left}" y="${middle - BAR_HEIGHT / 2}" width="${width(value).toFixed(1)}" height="${BAR_HEIGHT}"/>`,
      ...(low === null || high === null
        ? []
        : [`<path class="whisker" d="M${x(low)} ${middle}H${x(high)}"/>`]),
      `<text x="${(left + width(high ?? value) + 8).toFixed(1)}" y="${middle + 5}">${escapeHtml(`${formatFigure(row)} ${verdictMark(row.verdict)}`.trim())}</text>`,
    ].join('')
  })
  const title = runText.barsTitle(metricTitle(column.metric), column.unit)
  return figure(title, runText.barsRead(column.better), barsLabel(drawn), bars.length * ROW_HEIGHT, lines)
}

const HEIGHT = 320
const PLOT = { left: 60, right: 590, top: 10, bottom: 280 } as const
const LABEL_HEIGHT = 18

interface Scales {
  x(beyond: number): number
  y(ms: number): number
}

/** Latency over 1 ÷ (1 − p), both axes logarithmic, so that the tail and the fast are in one picture. */
export function drawCurves(all: readonly Curve[]): string {
  const curves = all.filter(({ points }) => points.length > 0)
  if (curves.length === 0) return ''
  const { furthest, ticks, lowMs, highMs } = curveFrame(curves)
  const along = (value: number, low: number, high: number) => Math.log(value / low) / Math.log(high / low)
  const scales: Scales = {
    x: beyond => PLOT.left + along(beyond, CURVES_BEGIN, furthest) * (PLOT.right - PLOT.left),
    y: ms => PLOT.bottom - along(ms, lowMs, highMs) * (PLOT.bottom - PLOT.top),
  }
  const { x, y } = scales
  const lines = curves.map(({ technique, points }) => {
    const path = points.map(({ beyond, ms }) => `${x(beyond).toFixed(1)},${y(ms).toFixed(1)}`)
    return `<polyline class="${technique}" points="${path.join(' ')}"/>`
  })
  const down = ticks.map(beyond => {
    const at = x(beyond).toFixed(1)
    return `<path class="grid" d="M${at} ${PLOT.top}V${PLOT.bottom}"/><text class="middle" x="${at}" y="${PLOT.bottom + 22}">${runText.curve.percentile(1 - 1 / beyond)}</text>`
  })
  const across = roundsBetween(lowMs, highMs).map(ms => {
    const at = y(ms)
    return `<path class="grid" d="M${PLOT.left} ${at.toFixed(1)}H${PLOT.right}"/><text class="end" x="${PLOT.left - 8}" y="${(at + 5).toFixed(1)}">${formatValue(ms)}</text>`
  })
  return figure(runText.curve.title, runText.curve.axisY, curveLabel(curves), HEIGHT, [
    ...across,
    ...down,
    ...lines,
    ...endLabels(curves, scales),
  ])
}

/** 1, 2 and 5 of each decade; of many decades only 1. */
function roundsBetween(low: number, high: number): readonly number[] {
  const first = 10 ** Math.floor(Math.log10(low) + 1e-9)
  const decades = Array.from({ length: 9 }, (_, index) => first * 10 ** index)
  const steps = high / low > 200 ? [1] : [1, 2, 5]
  return decades
    .flatMap(decade => steps.map(step => step * decade))
    .filter(ms => ms >= low * (1 - 1e-9) && ms <= high * (1 + 1e-9))
}

/** At the ends of the lines, pushed apart where these lie close together. */
function endLabels(curves: readonly Curve[], { x, y }: Scales): readonly string[] {
  let free: number = PLOT.top
  return curves
    .flatMap(({ technique, points }) => {
      const last = points.at(-1)
      return last === undefined ? [] : [{ technique, left: x(last.beyond) + 8, top: y(last.ms) + 5 }]
    })
    .sort((a, b) => a.top - b.top)
    .map(({ technique, left, top }) => {
      const at = Math.max(top, free)
      free = at + LABEL_HEIGHT
      return `<text class="${technique}" x="${left.toFixed(1)}" y="${at.toFixed(1)}">${characterOf(technique)} ${escapeHtml(armName(technique))}</text>`
    })
}

function figure(
  title: string,
  read: string,
  label: string,
  height: number,
  lines: readonly string[],
): string {
  return `<figure><figcaption>${escapeHtml(title)} <span class="muted">${escapeHtml(read)}</span></figcaption>
<svg role="img" aria-label="${escapeHtml(label)}" viewBox="0 0 ${WIDTH} ${height}">
${lines.join('\n')}
</svg></figure>`
}

function characterOf(arm: Arm): string {
  const technique = TECHNIQUES.find((name): name is Technique => name === arm)
  return technique === undefined ? CHARACTERS.bar : CHARACTERS[traitsOf(technique).shape]
}
