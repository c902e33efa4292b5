/** Horizontal bars as inline SVG. */
import type { Bar, Chart } from './block.ts'
import { escapeHtml } from './escape-html.ts'
import { TECHNIQUE_SHAPE } from './technique-shape.ts'

const WIDTH = 720
const LABEL_WIDTH = 110
/** Where the place on a swept axis stands behind the name. */
const SWEPT_LABEL_WIDTH = 210
const VALUE_WIDTH = 130
const ROW_HEIGHT = 30
const BAR_HEIGHT = 16

export function renderChart({ title, unit, bars }: Chart): string {
  if (bars.length === 0) return ''
  const left = bars.some(({ at }) => at !== '') ? SWEPT_LABEL_WIDTH : LABEL_WIDTH
  const largest = Math.max(...bars.map(({ value, high }) => high ?? value))
  const scale = largest <= 0 ? 0 : (WIDTH - left - VALUE_WIDTH) / largest
  const finding = bars.map(bar => `${nameOf(bar)} ${bar.label} ${unit}`).join(', ')
  const height = bars.length * ROW_HEIGHT
  return `<figure><figcaption>${escapeHtml(title)} <span class="muted">${escapeHtml(unit)}, linear from 0</span></figcaption>
<svg role="img" aria-label="${escapeHtml(`${title}: ${finding}`)}" viewBox="0 0 ${WIDTH} ${height}">
${bars.map((bar, index) => renderBar(bar, index, left, scale)).join('\n')}
</svg></figure>`
}

function renderBar(bar: Bar, index: number, left: number, scale: number): string {
  const { technique, value, low, high, label } = bar
  const middle = index * ROW_HEIGHT + ROW_HEIGHT / 2
  const at = (number: number) => (left + Math.max(0, number) * scale).toFixed(1)
  const whisker =
    low === null || high === null ? '' : `<path class="whisker" d="M${at(low)} ${middle}H${at(high)}"/>`
  const labelX = left + Math.max(0, high ?? value) * scale + 8
  return `<text class="${technique}" x="0" y="${middle + 5}">${TECHNIQUE_SHAPE[technique]}</text><text x="20" y="${middle + 5}">${escapeHtml(nameOf(bar))}</text><rect class="${technique}" x="${left}" y="${middle - BAR_HEIGHT / 2}" width="${(Math.max(0, value) * scale).toFixed(1)}" height="${BAR_HEIGHT}"/>${whisker}<text x="${labelX.toFixed(1)}" y="${middle + 5}">${escapeHtml(label)}</text>`
}

function nameOf({ technique, at }: Bar): string {
  return at === '' ? technique : `${technique}, ${at}`
}
