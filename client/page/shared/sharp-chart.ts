import type { Chart, Plugin } from 'chart.js'
import { onPixelDensity, pixelDensity } from './pixel-density.ts'

const ends = new WeakMap<Chart, () => void>()

/** Keeps a chart as sharp as the screen, or the paper, that it is drawn on. */
export const sharpChart: Plugin = {
  id: 'sharp',
  afterInit: chart => {
    ends.set(
      chart,
      onPixelDensity(() => {
        chart.options.devicePixelRatio = pixelDensity()
        chart.resize()
        chart.draw()
      }),
    )
  },
  afterDestroy: chart => ends.get(chart)?.(),
}
