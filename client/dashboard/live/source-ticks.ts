import { element } from '../element.ts'
import type { Palette } from '../palette.ts'
import { CELL_MS, cellAlpha, WINDOW_MS, xAt } from './lane-geometry.ts'
import type { KnownEvents } from './mark-log.ts'
import { createScaledCanvas } from './scaled-canvas.ts'

/** The instants of publication, above the lanes and on their time axis: the same for all of them. */
export function createSourceTicks(): {
  readonly canvas: HTMLCanvasElement
  draw(known: KnownEvents, nowMs: number, palette: Palette): void
} {
  const picture = createScaledCanvas(element('canvas', { class: 'source-ticks', 'aria-hidden': 'true' }))
  const counts = new Float64Array(WINDOW_MS / CELL_MS + 2)

  return { canvas: picture.canvas, draw }

  function draw(known: KnownEvents, nowMs: number, palette: Palette): void {
    const context = picture.begin()
    if (context === null) return
    const { width, height } = picture
    const firstCell = Math.floor((nowMs - WINDOW_MS) / CELL_MS)
    counts.fill(0)
    context.fillStyle = palette.ink
    for (let index = 0; index < known.events.length; index++) {
      const at = known.events.get(index, 'at')
      const cell = Math.floor(at / CELL_MS) - firstCell
      const before = counts[cell]
      if (before === undefined) continue
      counts[cell] = before + 1
      // A tick where there is room for one; a darker one where many fall together.
      context.globalAlpha = cellAlpha(before + 1, 6)
      if (before < 6) context.fillRect(xAt(at, nowMs, width) - 0.75, 4, 1.5, height - 4)
    }
    context.globalAlpha = 1
  }
}
