import { Chart, LinearScale, LineController, LineElement, LogarithmicScale, PointElement } from 'chart.js'
import { TECHNIQUES } from '../../../server/protocol/techniques.ts'
import { CURVES_BEGIN, type Curve, curveFrame, isRoundMs } from '../../run/curves.ts'
import { formatValue } from '../../run/format.ts'
import { runText } from '../../run/text/en.ts'
import { endLabels } from '../shared/end-labels.ts'
import type { Palette } from '../shared/palette.ts'
import { sharpChart } from '../shared/sharp-chart.ts'

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale)

export interface DrawnCurves {
  destroy(): void
}

const NARROW_PX = 600
const FONT = { size: 14 }

/** Latency over 1 ÷ (1 − p), both axes log. */
export function drawCurves(
  canvas: HTMLCanvasElement,
  curves: readonly Curve[],
  palette: () => Palette,
): DrawnCurves {
  const colours = palette()
  const frame = curveFrame(curves)
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
          max: frame.furthest,
          border: { color: colours.muted },
          grid: { color: colours.grid },
          title: { display: true, text: runText.curve.axisX, color: colours.muted, font: FONT },
          afterBuildTicks: axis => {
            axis.ticks = frame.ticks.map(value => ({ value }))
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
          min: frame.lowMs,
          max: frame.highMs,
          border: { color: colours.muted },
          grid: { color: colours.grid },
          title: { display: true, text: runText.curve.axisY, color: colours.muted, font: FONT },
          ticks: {
            color: colours.muted,
            font: FONT,
            callback: value => (isRoundMs(Number(value)) ? formatValue(Number(value)) : null),
          },
        },
      },
    },
    plugins: [endLabels(palette), sharpChart],
  })
}
