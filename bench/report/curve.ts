/** Percentile curves as inline SVG: both axes are logarithmic, so that the tail and the fast lie in one picture. */
import type { Curve, Line } from './block.ts'
import { escapeHtml } from './escape-html.ts'
import { formatNumber } from './figure.ts'
import { TECHNIQUE_SHAPE } from './technique-shape.ts'

const WIDTH = 720
const HEIGHT = 320
const PLOT = { left: 60, right: 600, top: 10, bottom: 280 } as const
const LABEL_HEIGHT = 18
const PERCENTILES = [
  { name: 'p0', oneIn: 1 },
  { name: 'p50', oneIn: 2 },
  { name: 'p90', oneIn: 10 },
  { name: 'p99', oneIn: 100 },
  { name: 'p99.9', oneIn: 1_000 },
  { name: 'p99.99', oneIn: 10_000 },
] as const

interface Scales {
  x(oneIn: number): number
  y(value: number): number
}

export function renderCurve({ title, unit, lines }: Curve): string {
  const points = lines.flatMap(line => line.points)
  if (points.length === 0) return ''
  const widest = Math.max(...points.map(({ oneIn }) => oneIn))
  const low = decadeBelow(Math.min(...points.map(({ value }) => value)))
  const high = Math.max(low * 10, ...points.map(({ value }) => value))
  const scales: Scales = {
    x: oneIn => PLOT.left + (Math.log(oneIn) / Math.log(widest)) * (PLOT.right - PLOT.left),
    y: value => PLOT.bottom - (Math.log(value / low) / Math.log(high / low)) * (PLOT.bottom - PLOT.top),
  }
  const finding = lines.map(({ technique, points }) => {
    const last = points.at(-1)
    return `${technique} to ${last === undefined ? '—' : formatNumber(last.value)} ${unit}`
  })
  return `<figure><figcaption>${escapeHtml(title)} <span class="muted">${escapeHtml(unit)}, both axes logarithmic</span></figcaption>
<svg role="img" aria-label="${escapeHtml(`${title}: ${finding.join(', ')}`)}" viewBox="0 0 ${WIDTH} ${HEIGHT}">
${renderGrid(scales, low, high, widest)}
${lines.map(line => renderLine(line, scales)).join('\n')}
${renderLabels(lines, scales)}
</svg></figure>`
}

function renderGrid({ x, y }: Scales, low: number, high: number, widest: number): string {
  const decades = Array.from({ length: 9 }, (_, index) => low * 10 ** index).filter(value => value <= high)
  const across = decades.map(
    value =>
      `<path class="grid" d="M${PLOT.left} ${y(value).toFixed(1)}H${PLOT.right}"/><text class="end" x="${PLOT.left - 8}" y="${(y(value) + 5).toFixed(1)}">${Number(value.toPrecision(1))}</text>`,
  )
  const down = PERCENTILES.filter(({ oneIn }) => oneIn <= widest).map(
    ({ name, oneIn }) =>
      `<path class="grid" d="M${x(oneIn).toFixed(1)} ${PLOT.top}V${PLOT.bottom}"/><text class="middle" x="${x(oneIn).toFixed(1)}" y="${PLOT.bottom + 22}">${name}</text>`,
  )
  return [...across, ...down].join('\n')
}

function renderLine({ technique, points }: Line, { x, y }: Scales): string {
  const path = points.map(({ oneIn, value }) => `${x(oneIn).toFixed(1)},${y(value).toFixed(1)}`)
  return `<polyline class="${technique}" points="${path.join(' ')}"/>`
}

/** At the ends of the lines, pushed apart where these lie close together. */
function renderLabels(lines: readonly Line[], { x, y }: Scales): string {
  let free = PLOT.top
  return lines
    .flatMap(({ technique, points }) => {
      const last = points.at(-1)
      return last === undefined ? [] : [{ technique, left: x(last.oneIn) + 8, top: y(last.value) + 5 }]
    })
    .sort((a, b) => a.top - b.top)
    .map(({ technique, left, top }) => {
      const at = Math.max(top, free)
      free = at + LABEL_HEIGHT
      return `<text class="${technique}" x="${left.toFixed(1)}" y="${at.toFixed(1)}">${TECHNIQUE_SHAPE[technique]} ${technique}</text>`
    })
    .join('\n')
}

function decadeBelow(value: number): number {
  return 10 ** Math.floor(Math.log10(value))
}
