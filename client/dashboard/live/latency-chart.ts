import { Chart, LinearScale, LineController, LineElement, LogarithmicScale, PointElement } from 'chart.js'
import { TECHNIQUES } from '../../../server/protocol.ts'
import { text } from '../../text.ts'
import { element } from '../element.ts'
import type { Palette } from '../palette.ts'
import type { View } from '../view.ts'
import { endLabels } from './end-labels.ts'
import { CHART_BIN_MS, CHART_BINS } from './lane-record.ts'
import { createLatencyTable } from './latency-table.ts'
import type { LiveFrame } from './live-frame.ts'

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale)

interface Point {
  readonly x: number
  y: number
}

const LOWEST_MS = 0.1
const HIGHEST_AT_LEAST_MS = 1_000
/** A line goes on across this much silence; a slow source leaves most bins empty. */
const SPAN_GAPS_SECONDS = 15
const NARROW_PX = 600

export interface LatencyChart extends View<LiveFrame> {
  recolour(): void
}

/** Latency of all lanes over the last minute, on a log axis, with what theory predicts for polling. */
export function createLatencyChart(palette: () => Palette): LatencyChart {
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
  const series: Point[][] = TECHNIQUES.map(() =>
    Array.from({ length: CHART_BINS }, (_, bin) => ({
      x: ((bin - CHART_BINS + 1) * CHART_BIN_MS) / 1_000,
      y: Number.NaN,
    })),
  )
  const expected: Point[] = [
    { x: (-CHART_BINS * CHART_BIN_MS) / 1_000, y: Number.NaN },
    { x: 0, y: Number.NaN },
  ]
  let highestMs = HIGHEST_AT_LEAST_MS
  let chart: Chart<'line', Point[]> | null = null

  return { root, update, recolour }

  /** Made when it is first drawn: a chart wants to know the size of a box that is already on the page. */
  function makeChart(): Chart<'line', Point[]> {
    const colours = palette()
    return new Chart<'line', Point[]>(canvas, {
      type: 'line',
      data: {
        datasets: [
          ...TECHNIQUES.map((technique, index) => ({
            data: series[index] ?? [],
            borderColor: colours.arms[technique],
            borderWidth: 2,
          })),
          { data: expected, borderColor: colours.muted, borderWidth: 1 },
        ],
      },
      options: {
        parsing: false,
        normalized: true,
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        events: [],
        spanGaps: SPAN_GAPS_SECONDS,
        elements: { point: { radius: 0, hitRadius: 0 } },
        layout: { padding: context => ({ top: 8, right: context.chart.width < NARROW_PX ? 24 : 128 }) },
        scales: {
          x: {
            type: 'linear',
            min: (-CHART_BINS * CHART_BIN_MS) / 1_000,
            max: 0,
            border: { color: colours.muted },
            grid: { color: colours.grid },
            ticks: {
              color: colours.muted,
              font: { size: 14 },
              maxRotation: 0,
              stepSize: 15,
              callback: value => (value === 0 ? 'now' : `−${Math.abs(Number(value))} s`),
            },
          },
          y: {
            type: 'logarithmic',
            min: LOWEST_MS,
            max: highestMs,
            border: { color: colours.muted },
            grid: { color: colours.grid },
            title: { display: true, text: text.chart.axis, color: colours.muted, font: { size: 14 } },
            ticks: {
              color: colours.muted,
              font: { size: 14 },
              callback: value => (Number.isInteger(Math.log10(Number(value))) ? String(value) : null),
            },
          },
        },
      },
      plugins: [endLabels(palette)],
    })
  }

  function update(frame: LiveFrame): void {
    const { state, nowMs, summaries, uncertaintyMs } = frame
    const firstMs = (Math.floor(nowMs / CHART_BIN_MS) - CHART_BINS + 1) * CHART_BIN_MS
    let largestMs = 0
    for (const [index, technique] of TECHNIQUES.entries()) {
      const bins = state.lanes[technique].latencyBins
      for (const [bin, point] of (series[index] ?? []).entries()) {
        const meanMs = bins.meanAt(firstMs + bin * CHART_BIN_MS)
        point.y = Number.isNaN(meanMs) ? Number.NaN : Math.max(LOWEST_MS, meanMs)
        if (meanMs > largestMs) largestMs = meanMs
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
  function keepInside(drawn: Chart<'line', Point[]>, largestMs: number): void {
    highestMs = Math.max(HIGHEST_AT_LEAST_MS, 10 ** Math.ceil(Math.log10(Math.max(1, largestMs))))
    const axis = drawn.options.scales?.['y']
    if (axis !== undefined && axis.max !== highestMs) axis.max = highestMs
  }

  function recolour(): void {
    chart?.destroy()
    chart = null
  }
}
