import { Chart } from 'chart.js'
import { TECHNIQUES } from '../../../server/protocol/techniques.ts'
import { CURVES_BEGIN, type Curve, curveFrame, isRoundMs } from '../../run/curves.ts'
import { formatValue } from '../../run/format.ts'
import { runText } from '../../run/text/en.ts'
import { endLabels } from '../shared/end-labels.ts'
import { axisLook, LINE_CHART_OPTIONS, type Point } from '../shared/line-chart.ts'
import type { Palette } from '../shared/palette.ts'
import { sharpChart } from '../shared/sharp-chart.ts'

export interface DrawnCurves {
  destroy(): void
}

/** Latency over 1 ÷ (1 − p), both axes log. */
export function drawCurves(
  canvas: HTMLCanvasElement,
  curves: readonly Curve[],
  palette: () => Palette,
): DrawnCurves {
  const colours = palette()
  const frame = curveFrame(curves)
  const [lookX, lookY] = [axisLook(colours, runText.curve.axisX), axisLook(colours, runText.curve.axisY)]
  return new Chart<'line', Point[]>(canvas, {
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
      ...LINE_CHART_OPTIONS,
      scales: {
        x: {
          ...lookX,
          type: 'logarithmic',
          min: CURVES_BEGIN,
          max: frame.furthest,
          afterBuildTicks: axis => {
            axis.ticks = frame.ticks.map(value => ({ value }))
          },
          ticks: {
            ...lookX.ticks,
            autoSkip: false,
            callback: value => runText.curve.percentile(1 - 1 / Number(value)),
          },
        },
        y: {
          ...lookY,
          type: 'logarithmic',
          min: frame.lowMs,
          max: frame.highMs,
          ticks: {
            ...lookY.ticks,
            callback: value => (isRoundMs(Number(value)) ? formatValue(Number(value)) : null),
          },
        },
      },
    },
    plugins: [endLabels(palette), sharpChart],
  })
}
