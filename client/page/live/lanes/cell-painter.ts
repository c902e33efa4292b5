import type { ReadBins } from '../store/time-bins.ts'
import { CELL_MS, LANE_WINDOW_MS } from '../store/windows.ts'
import { cellAlpha, xAt } from './lane-geometry.ts'

const CELLS = LANE_WINDOW_MS / CELL_MS

/** A row of cells, as high as they are drawn. */
interface CellRow {
  readonly bins: ReadBins
  readonly y: number
  readonly height: number
}

/** Draws how many events fell into each cell, in the fill style that is set; all rows share one scale. */
export function paintCells(
  context: CanvasRenderingContext2D,
  width: number,
  nowMs: number,
  rows: readonly CellRow[],
): void {
  const first = Math.floor(nowMs / CELL_MS) - CELLS
  let largest = 0
  for (let cell = first; cell <= first + CELLS; cell++) {
    for (const { bins } of rows) largest = Math.max(largest, bins.countAt(cell * CELL_MS))
  }
  for (let cell = first; cell <= first + CELLS; cell++) {
    const x = xAt(cell * CELL_MS, nowMs, width)
    for (const { bins, y, height } of rows) {
      context.globalAlpha = cellAlpha(bins.countAt(cell * CELL_MS), largest)
      context.fillRect(x, y, width / CELLS - 1, height)
    }
  }
  context.globalAlpha = 1
}
