import type { Chart, Plugin } from 'chart.js'
import { TECHNIQUES } from '../../../server/protocol/techniques.ts'
import { IDENTITIES } from './identity.ts'
import type { Palette } from './palette.ts'

const SHAPE_PX = 10
const LINE_PX = 18
/** Below this much room to the right there are shapes only. */
const NAMES_NEED_PX = 100

/**
 * Labels the lines directly at their right ends, shape and name: a legend would make the eye travel. The first
 * datasets of the chart are the techniques in their order.
 */
export function endLabels(palette: () => Palette): Plugin<'line'> {
  const shapes = TECHNIQUES.map(technique => new Path2D(IDENTITIES[technique].path))

  return { id: 'end-labels', afterDatasetsDraw: draw }

  function draw(chart: Chart<'line'>): void {
    const { ctx: context, chartArea } = chart
    const colours = palette()
    const ends = TECHNIQUES.flatMap((technique, index) => {
      const last = chart.getDatasetMeta(index).data.findLast(point => !Number.isNaN(point.y))
      return last === undefined ? [] : [{ technique, shape: shapes[index], y: last.y }]
    }).sort((one, other) => one.y - other.y)

    let freeFromY = chartArea.top
    for (const [index, end] of ends.entries()) {
      const roomBelowPx = (ends.length - 1 - index) * LINE_PX
      const y = Math.max(freeFromY, Math.min(end.y, chartArea.bottom - roomBelowPx))
      freeFromY = y + LINE_PX
      const x = chartArea.right + 8
      if (end.shape !== undefined) {
        context.save()
        context.translate(x, y - SHAPE_PX / 2)
        context.scale(SHAPE_PX / 12, SHAPE_PX / 12)
        context.fillStyle = colours.arms[end.technique]
        context.fill(end.shape)
        context.restore()
      }
      if (chart.width - chartArea.right < NAMES_NEED_PX) continue
      context.font = '14px system-ui, sans-serif'
      context.textBaseline = 'middle'
      context.textAlign = 'left'
      context.fillStyle = colours.ink
      context.fillText(IDENTITIES[end.technique].name, x + SHAPE_PX + 6, y)
    }
  }
}
