/** Horizontal bars as inline SVG: colour, shape and name together say which technique it is. */
import type { Technique } from '../../server/protocol.ts'
import type { Bar, Chart } from './block.ts'
import { escapeHtml } from './escape-html.ts'
import { formatNumber } from './figure.ts'

const SHAPES: Readonly<Record<Technique, string>> = { poll: '■', 'long-poll': '◆', sse: '▲', websocket: '●' }

const WIDTH = 720
const LABEL_WIDTH = 110
const VALUE_WIDTH = 130
const ROW_HEIGHT = 30
const BAR_HEIGHT = 16

export function renderChart({ title, unit, bars }: Chart): string {
  if (bars.length === 0) return ''
  const largest = Math.max(...bars.map(({ value, high }) => high ?? value))
  const scale = largest === 0 ? 0 : (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / largest
  const finding = bars.map(({ technique, value }) => `${technique} ${formatNumber(value)} ${unit}`).join(', ')
  const height = bars.length * ROW_HEIGHT
  return `<figure><figcaption>${escapeHtml(title)} <span class="muted">${escapeHtml(unit)}, linear from 0</span></figcaption>
<svg role="img" aria-label="${escapeHtml(`${title}: ${finding}`)}" viewBox="0 0 ${WIDTH} ${height}">
${bars.map((bar, index) => renderBar(bar, index, scale)).join('\n')}
</svg></figure>`
}

function renderBar({ technique, value, low, high }: Bar, index: number, scale: number): string {
  const middle = index * ROW_HEIGHT + ROW_HEIGHT / 2
  const at = (number: number) => (LABEL_WIDTH + number * scale).toFixed(1)
  const whisker =
    low === null || high === null ? '' : `<path class="whisker" d="M${at(low)} ${middle}H${at(high)}"/>`
  const labelX = LABEL_WIDTH + (high ?? value) * scale + 8
  return `<text class="shape ${technique}" x="0" y="${middle + 5}">${SHAPES[technique]}</text><text x="20" y="${middle + 5}">${technique}</text><rect class="${technique}" x="${LABEL_WIDTH}" y="${middle - BAR_HEIGHT / 2}" width="${(value * scale).toFixed(1)}" height="${BAR_HEIGHT}"/>${whisker}<text x="${labelX.toFixed(1)}" y="${middle + 5}">${formatNumber(value)}</text>`
}
