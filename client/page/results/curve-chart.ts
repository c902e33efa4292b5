import { Chart, LinearScale, LineController, LineElement, LogarithmicScale, PointElement } from 'chart.js'
import { TECHNIQUES } from '../../../server/protocol/techniques.ts'
import { formatValue } from '../../run/format.ts'
import { CURVES_BEGIN, type Curve } from '../../run/percentile-curve.ts'
import { runText } from '../../run/text/en.ts'
import { endLabels } from '../shared/end-labels.ts'
import type { Palette } from '../shared/palette.ts'
import { sharpChart } from '../shared/sharp-chart.ts'

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale)

export interface DrawnCurves {
  destroy(): void
}

/** 1 ÷ (1 − p) of the percentiles that are named on the axis. */
const NAMED = [CURVES_BEGIN, 2, 10, 100, 1_000, 10_000]
const NARROW_PX = 600
const FONT = { size: 14 }

/** Latency over 1 ÷ (1 − p), both axes log. */
export function drawCurves(
  canvas: HTMLCanvasElement,
  curves: readonly Curve[],
  palette: () => Palette,
): DrawnCurves {
  const colours = palette()
  const latencies = curves.flatMap(({ points }) => points.map(({ ms }) => ms))
  const furthest = Math.max(...curves.filter(({ points }) => points.length > 0).map(({ ends }) => ends), 2)
  return new Chart<'line', { x: number; y: number }[]>(canvas, {
    type: 'line',
    data: {
      // One for each technique, measured or not: the labels go by their order.
      datasets: TECHNIQUES.map(technique => ({
        data: (curves.find(curve => curve.technique === technique)?.points ?? []).map(point => ({
          x: point.beyond,
          y: point.ms,
        })),
        borderColor: colours.arms[technique],
        borderWidth: 2,
      })),
    },
    options: {
      parsing: false,
      normalized: true,
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      elements: { point: { radius: 0, hitRadius: 0 } },
      layout: { padding: context => ({ top: 8, right: context.chart.width < NARROW_PX ? 24 : 128 }) },
      scales: {
        x: {
          type: 'logarithmic',
          min: CURVES_BEGIN,
          max: furthest,
          border: { color: colours.muted },
          grid: { color: colours.grid },
          title: { display: true, text: runText.curve.axisX, color: colours.muted, font: FONT },
          afterBuildTicks: axis => {
            axis.ticks = NAMED.filter(value => value <= furthest * (1 + 1e-9)).map(value => ({ value }))
          },
          ticks: {
            color: colours.muted,
            font: FONT,
            maxRotation: 0,
            autoSkip: false,
            callback: value => runText.curve.percentile(1 - 1 / Number(value)),
          },
        },
        y: {
          type: 'logarithmic',
          min: roundDown(Math.min(...latencies)),
          max: roundUp(Math.max(...latencies)),
          border: { color: colours.muted },
          grid: { color: colours.grid },
          title: { display: true, text: runText.curve.axisY, color: colours.muted, font: FONT },
          ticks: {
            color: colours.muted,
            font: FONT,
            callback: value => (isRound(Number(value)) ? formatValue(Number(value)) : null),
          },
        },
      },
    },
    plugins: [endLabels(palette), sharpChart],
  })
}

const LEAST_MS = 0.01

/** To 1, 2 or 5 of a decade. */
function roundDown(ms: number): number {
  const least = Math.max(LEAST_MS, ms)
  const decade = 10 ** Math.floor(Math.log10(least))
  return ([5, 2].find(step => step * decade <= least) ?? 1) * decade
}

function roundUp(ms: number): number {
  const most = Math.max(LEAST_MS, ms)
  const decade = 10 ** Math.floor(Math.log10(most))
  return ([1, 2, 5].find(step => step * decade >= most) ?? 10) * decade
}

function isRound(ms: number): boolean {
  return /^[125]0*$/.test(ms.toExponential(0).replace(/e.*/, '')) && Math.abs(roundUp(ms) - ms) < ms * 1e-9
}
