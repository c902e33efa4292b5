import { Chart } from 'chart.js'
import { TECHNIQUES } from '../../../../server/protocol/techniques.ts'
import { formatValue } from '../../../run/format.ts'
import { element } from '../../shared/element.ts'
import { endLabels } from '../../shared/end-labels.ts'
import { axisLook, LINE_CHART_OPTIONS, type LineChart, type Point } from '../../shared/line-chart.ts'
import type { Page } from '../../shared/page.ts'
import type { Palette } from '../../shared/palette.ts'
import { sharpChart } from '../../shared/sharp-chart.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { LiveFrame } from '../store/live-frame.ts'
import { CHART_BIN_MS, CHART_BINS } from '../store/windows.ts'
import { createLatencyTable } from './latency-table.ts'

const LOWEST_MS = 0.1
const HIGHEST_AT_LEAST_MS = 1_000
/** A line goes on across this much silence; a slow source leaves most bins empty. */
const SPAN_GAPS_SECONDS = 15
/** Latency of the lanes over the last minute, on a log axis, with what theory predicts for polling. */
export function createLatencyChart(palette: () => Palette): View<LiveFrame> & Page {
  const canvas = element('canvas', { role: 'img' })
  const table = createLatencyTable()
  const root = element(
    'section',
    { class: 'chart' },
    element('h2', {}, text.chart.title),
    element('div', { class: 'chart-box' }, canvas),
    element('p', { class: 'read muted' }, text.chart.read),
    table.root,
  )
  // Made once and written over: five new arrays of points a second would be garbage five times a second.
  const series: Point[][] = TECHNIQUES.map(() =>
    Array.from({ length: CHART_BINS }, () => ({ x: 0, y: Number.NaN })),
  )
  const expected: Point[] = [
    { x: (-CHART_BINS * CHART_BIN_MS) / 1_000, y: Number.NaN },
    { x: 0, y: Number.NaN },
  ]
  let highestMs = HIGHEST_AT_LEAST_MS
  let chart: LineChart | null = null

  return { root, update, recolour }

  /** Made when it is first drawn: a chart needs the size of a box that is already on the page. */
  function makeChart(): LineChart {
    const colours = palette()
    const [lookX, lookY] = [axisLook(colours), axisLook(colours, text.chart.axis)]
    return new Chart<'line', Point[]>(canvas, {
      type: 'line',
      data: {
        datasets: [
          ...TECHNIQUES.map((technique, index) => ({
            data: series[index] ?? [],
            borderColor: colours.arms[technique],
            borderWidth: 2,
          })),
          { data: expected, borderColor: colours.muted, borderWidth: 1, spanGaps: true },
        ],
      },
      options: {
        ...LINE_CHART_OPTIONS,
        spanGaps: SPAN_GAPS_SECONDS,
        scales: {
          x: {
            ...lookX,
            type: 'linear',
            min: (-CHART_BINS * CHART_BIN_MS) / 1_000,
            max: 0,
            ticks: {
              ...lookX.ticks,
              stepSize: 15,
              callback: value => text.chart.tick(Number(value)),
            },
          },
          y: {
            ...lookY,
            type: 'logarithmic',
            min: LOWEST_MS,
            max: highestMs,
            ticks: {
              ...lookY.ticks,
              callback: value =>
                Number.isInteger(Math.log10(Number(value))) ? formatValue(Number(value)) : null,
            },
          },
        },
      },
      plugins: [endLabels(palette), sharpChart],
    })
  }

  function update(frame: LiveFrame): void {
    const { state, nowMs, summaries, uncertaintyMs } = frame
    const nowBin = Math.floor(nowMs / CHART_BIN_MS)
    let largestMs = 0
    for (const [index, technique] of TECHNIQUES.entries()) {
      const points = series[index] ?? []
      const bins = state.lanes[technique].latencyBins
      const oldest = state.lanesOn.includes(technique) ? CHART_BINS - 1 : -1
      let used = 0
      for (let age = oldest; age >= 0; age--) {
        const meanMs = bins.meanAt((nowBin - age) * CHART_BIN_MS)
        const point = points[used]
        if (Number.isNaN(meanMs) || point === undefined) continue
        point.x = (-age * CHART_BIN_MS) / 1_000
        point.y = Math.max(LOWEST_MS, meanMs)
        largestMs = Math.max(largestMs, meanMs)
        used++
      }
      // Empty bins lie at the end: Chart.js breaks a line at a point without a value, however short the gap.
      for (const point of points.slice(used)) {
        point.x = 0
        point.y = Number.NaN
      }
    }
    const half = frame.findings.find(finding => finding.name === 'half-interval')
    for (const point of expected) point.y = half === undefined ? Number.NaN : half.expectedMs

    chart ??= makeChart()
    keepInside(chart, largestMs)
    chart.update('none')
    const parts = TECHNIQUES.flatMap(technique => {
      const summary = summaries[technique]
      return summary === null ? [] : [text.chart.part(technique, summary.p50Ms, uncertaintyMs)]
    })
    canvas.setAttribute('aria-label', text.chart.label(parts))
    table.update(frame)
  }

  /** The bounds move by whole decades only, so that the picture does not breathe. */
  function keepInside(drawn: LineChart, largestMs: number): void {
    highestMs = Math.max(HIGHEST_AT_LEAST_MS, 10 ** Math.ceil(Math.log10(Math.max(1, largestMs))))
    const axis = drawn.options.scales?.['y']
    if (axis !== undefined && axis.max !== highestMs) axis.max = highestMs
  }

  function recolour(): void {
    chart?.destroy()
    chart = null
  }
}
