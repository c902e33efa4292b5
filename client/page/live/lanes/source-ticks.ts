import { element } from '../../shared/element.ts'
import type { Palette } from '../../shared/palette.ts'
import type { KnownEvents } from '../store/known-events.ts'
import { CELL_MS, cellAlpha, type FlowMode, flowMode, WINDOW_MS, xAt } from './lane-geometry.ts'
import { createScaledCanvas } from './scaled-canvas.ts'

const TOP_PX = 4

/** The instants of publication, above the lanes and on their time axis: the same for all of them. */
export function createSourceTicks(): {
  readonly canvas: HTMLCanvasElement
  draw(known: KnownEvents, nowMs: number, palette: Palette): void
} {
  const picture = createScaledCanvas(element('canvas', { class: 'source-ticks', 'aria-hidden': 'true' }))
  let mode: FlowMode = 'numbered'

  return { canvas: picture.canvas, draw }

  function draw(known: KnownEvents, nowMs: number, palette: Palette): void {
    const context = picture.begin()
    if (context === null) return
    mode = flowMode(known.cells.between(nowMs - WINDOW_MS, nowMs).count / (WINDOW_MS / 1_000), mode)
    context.fillStyle = palette.ink
    if (mode === 'density') paintCells(context, known, nowMs)
    else paintTicks(context, known, nowMs)
    context.globalAlpha = 1
  }

  function paintTicks(context: CanvasRenderingContext2D, known: KnownEvents, nowMs: number): void {
    context.globalAlpha = 0.6
    for (let index = 0; index < known.events.length; index++) {
      const x = xAt(known.events.get(index, 'at'), nowMs, picture.width)
      context.fillRect(x - 0.75, TOP_PX, 1.5, picture.height - TOP_PX)
    }
  }

  function paintCells(context: CanvasRenderingContext2D, known: KnownEvents, nowMs: number): void {
    const cells = WINDOW_MS / CELL_MS
    const first = Math.floor(nowMs / CELL_MS) - cells
    let largest = 0
    for (let cell = first; cell <= first + cells; cell++) {
      largest = Math.max(largest, known.cells.countAt(cell * CELL_MS))
    }
    for (let cell = first; cell <= first + cells; cell++) {
      context.globalAlpha = cellAlpha(known.cells.countAt(cell * CELL_MS), largest)
      const x = xAt(cell * CELL_MS, nowMs, picture.width)
      context.fillRect(x, TOP_PX, picture.width / cells - 1, picture.height - TOP_PX)
    }
  }
}
