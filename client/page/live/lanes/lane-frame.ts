import type { Palette } from '../../shared/palette.ts'
import type { FlowMode } from './lane-geometry.ts'
import type { ShapeStamp } from './shape-stamp.ts'

/** One frame of one lane. */
export interface LaneFrame {
  readonly context: CanvasRenderingContext2D
  readonly width: number
  readonly height: number
  readonly nowMs: number
  readonly palette: Palette
  readonly mode: FlowMode
  readonly stamp: ShapeStamp
  /** False where the lane does not run: then nothing is said to be waiting. */
  readonly running: boolean
  /** When the tab was hidden and nothing could be drawn, or timers were slowed. */
  readonly hidden: { readonly from: number; readonly to: number } | null
}
