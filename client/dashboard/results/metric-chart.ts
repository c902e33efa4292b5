import { BarController, BarElement, CategoryScale, Chart, LinearScale, type Plugin } from 'chart.js'
import type { SummaryRow } from '../../../server/protocol.ts'
import { text } from '../../text.ts'
import { element, setText } from '../element.ts'
import { formatValue } from '../format.ts'
import { ARM_IDENTITIES } from '../identity.ts'
import type { Palette } from '../palette.ts'
import type { ScenarioTable } from './scenario-table.ts'

Chart.register(BarController, BarElement, CategoryScale, LinearScale)

const CAP_PX = 6
const LABEL_GAP_PX = 8
/** Room for the number behind the longest bar. */
const LABEL_ROOM_PX = 64

/** One metric of one scenario as bars, with the spread over trials as a thin line on each. */
export function metricChart(
  tables: readonly ScenarioTable[],
  palette: () => Palette,
): HTMLElement & { recolour(): void } {
  const canvas = element('canvas', { role: 'img' })
  const scenario = element(
    'select',
    { id: 'chart-scenario' },
    ...tables.map((table, index) => option(table.scenario, index)),
  )
  const metric = element('select', { id: 'chart-metric' })
  const title = element('h2')
  const read = element('p', { class: 'read muted' })
  const root = element(
    'section',
    { class: 'chart' },
    title,
    element(
      'p',
      { class: 'pickers' },
      element('label', { for: 'chart-scenario' }, text.results.scenario),
      scenario,
      element('label', { for: 'chart-metric' }, text.results.metric),
      metric,
    ),
    element('div', { class: 'chart-box' }, canvas),
    read,
  )
  let chart: Chart<'bar'> | null = null

  scenario.addEventListener('change', () => {
    fillMetrics()
    draw()
  })
  metric.addEventListener('change', draw)
  fillMetrics()
  requestAnimationFrame(draw)

  return Object.assign(root, { recolour: draw })

  function fillMetrics(): void {
    const table = tables[Number(scenario.value)]
    metric.replaceChildren(...(table?.metrics ?? []).map((each, index) => option(each.metric, index)))
  }

  function draw(): void {
    const table = tables[Number(scenario.value)]
    const chosen = table?.metrics[Number(metric.value)]
    if (table === undefined || chosen === undefined) return
    const rows = table.rows.flatMap(row => row.cells[Number(metric.value)]?.slice(0, 1) ?? [])
    setText(title, text.results.chartTitle(table.scenario, chosen.metric))
    setText(read, text.results.chartRead(chosen.unit))
    const parts = rows.flatMap(row =>
      row.value === null ? [] : [`${ARM_IDENTITIES[row.arm].name} ${formatValue(row.value)}`],
    )
    canvas.setAttribute(
      'aria-label',
      text.results.chartLabel(table.scenario, chosen.metric, chosen.unit, parts),
    )
    chart?.destroy()
    chart = drawBars(canvas, rows, chosen.unit, palette())
  }
}

function option(words: string, value: number): HTMLOptionElement {
  return element('option', { value }, words)
}

function drawBars(
  canvas: HTMLCanvasElement,
  rows: readonly SummaryRow[],
  unit: string,
  colours: Palette,
): Chart<'bar'> {
  const highest = Math.max(...rows.map(row => Math.max(row.value ?? 0, row.high ?? 0)), 0)
  return new Chart<'bar'>(canvas, {
    type: 'bar',
    data: {
      labels: rows.map(row => ARM_IDENTITIES[row.arm].name),
      datasets: [
        {
          data: rows.map(row => row.value ?? Number.NaN),
          backgroundColor: rows.map(row => colours.arms[row.arm]),
          maxBarThickness: 28,
        },
      ],
    },
    options: {
      indexAxis: 'y',
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      layout: { padding: { right: LABEL_ROOM_PX } },
      scales: {
        x: {
          beginAtZero: true,
          suggestedMax: highest,
          border: { color: colours.muted },
          grid: { color: colours.grid },
          title: { display: true, text: unit, color: colours.muted, font: { size: 14 } },
          ticks: { color: colours.muted, font: { size: 14 }, maxRotation: 0 },
        },
        y: {
          border: { color: colours.muted },
          grid: { display: false },
          ticks: { color: colours.ink, font: { size: 14 } },
        },
      },
    },
    plugins: [barEnds(rows, colours.ink)],
  })
}

/** Lowest to highest trial across the end of each bar, and the value behind it: short bars have a number too. */
function barEnds(rows: readonly SummaryRow[], colour: string): Plugin<'bar'> {
  return {
    id: 'bar-ends',
    afterDatasetsDraw(chart) {
      const { ctx: context, scales } = chart
      const axis = scales['x']
      if (axis === undefined) return
      context.strokeStyle = colour
      context.fillStyle = colour
      context.lineWidth = 1.5
      context.font = '14px system-ui, sans-serif'
      context.textBaseline = 'middle'
      context.beginPath()
      for (const [index, bar] of chart.getDatasetMeta(0).data.entries()) {
        const row = rows[index]
        if (row === undefined || row.value === null) continue
        const low = row.low ?? row.value
        const high = row.high ?? row.value
        const toX = axis.getPixelForValue(Math.max(high, row.value))
        context.fillText(formatValue(row.value), toX + LABEL_GAP_PX, bar.y)
        if (low === high) continue
        const fromX = axis.getPixelForValue(low)
        context.moveTo(fromX, bar.y)
        context.lineTo(axis.getPixelForValue(high), bar.y)
        for (const x of [fromX, axis.getPixelForValue(high)]) {
          context.moveTo(x, bar.y - CAP_PX)
          context.lineTo(x, bar.y + CAP_PX)
        }
      }
      context.stroke()
    },
  }
}
