import {
  Chart,
  type ChartOptions,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
} from 'chart.js'
import type { Palette } from './palette.ts'

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale)

export interface Point {
  x: number
  y: number
}

export type LineChart = Chart<'line', Point[]>

const NARROW_PX = 600
const FONT = { size: 14 }

/** What all line charts have in common: points as they are, no motion, no pointer, room for labels at the right ends. */
export const LINE_CHART_OPTIONS = {
  parsing: false,
  normalized: true,
  animation: false,
  responsive: true,
  maintainAspectRatio: false,
  events: [],
  elements: { point: { radius: 0, hitRadius: 0 } },
  layout: { padding: context => ({ top: 8, right: context.chart.width < NARROW_PX ? 24 : 128 }) },
} satisfies ChartOptions<'line'>

/** How an axis looks in the present theme. Without a title it has none. */
export function axisLook({ muted, grid }: Palette, title?: string) {
  return {
    border: { color: muted },
    grid: { color: grid },
    title: { display: title !== undefined, text: title ?? '', color: muted, font: FONT },
    ticks: { color: muted, font: FONT, maxRotation: 0 },
  }
}
