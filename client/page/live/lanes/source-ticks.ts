import { element } from '../../shared/element.ts'
import type { Palette } from '../../shared/palette.ts'
import type { KnownEvents } from '../store/known-events.ts'
import { paintCells } from './cell-painter.ts'
import { type FlowMode, xAt } from './lane-geometry.ts'
import { createScaledCanvas } from './scaled-canvas.ts'

const TOP_PX = 4

/** The instants of publication, above the lanes and on their time axis: the same for all of them. */
export function createSourceTicks(): {
  readonly canvas: HTMLCanvasElement
  draw(known: KnownEvents, mode: FlowMode, nowMs: number, palette: Palette): void
} {
  const picture = createScaledCanvas(element('canvas', { class: 'source-ticks', 'aria-hidden': 'true' }))

  return { canvas: picture.canvas, draw }

  function draw(known: KnownEvents, mode: FlowMode, nowMs: number, palette: Palette): void {
    const context = picture.begin()
    if (context === null) return
    const { width } = picture
    const height = picture.height - TOP_PX
    context.fillStyle = palette.ink
    if (mode === 'density') {
      paintCells(context, width, nowMs, [{ bins: known.cells, y: TOP_PX, height }])
      return
    }
    context.globalAlpha = 0.6
    for (let index = 0; index < known.events.length; index++) {
      const x = xAt(known.events.get(index, 'at'), nowMs, width)
      context.fillRect(x - 0.75, TOP_PX, 1.5, height)
    }
    context.globalAlpha = 1
  }
}
