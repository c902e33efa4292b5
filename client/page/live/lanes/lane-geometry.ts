import type { ReadBins } from '../store/time-bins.ts'
import { LANE_WINDOW_MS } from '../store/windows.ts'

/** Where an instant is on a lane `width` wide whose right edge is now. */
export function xAt(atMs: number, nowMs: number, width: number): number {
  return width * (1 - (nowMs - atMs) / LANE_WINDOW_MS)
}

/** How events are drawn: with their numbers, as plain dots, or summed in cells of CELL_MS. */
export type FlowMode = 'numbered' | 'dots' | 'density'

const NUMBERED_MAX_PER_SECOND = 20
const DOTS_MAX_PER_SECOND = 60
/** A mode is left downwards only below this share of its limit, so that a rate at the limit does not flicker. */
const HYSTERESIS = 0.85

export function flowMode(perSecond: number, present: FlowMode): FlowMode {
  const dotsLimit = DOTS_MAX_PER_SECOND * (present === 'density' ? HYSTERESIS : 1)
  if (perSecond > dotsLimit) return 'density'
  const numberedLimit = NUMBERED_MAX_PER_SECOND * (present === 'numbered' ? 1 : HYSTERESIS)
  return perSecond > numberedLimit ? 'dots' : 'numbered'
}

/** How many events flowed over the last window, and how they are drawn. */
export interface Flow {
  readonly perSecond: number
  readonly mode: FlowMode
}

export const NO_FLOW: Flow = { perSecond: 0, mode: 'numbered' }

export function flowOf(cells: ReadBins, nowMs: number, present: Flow): Flow {
  const perSecond = cells.between(nowMs - LANE_WINDOW_MS, nowMs).count / (LANE_WINDOW_MS / 1_000)
  return { perSecond, mode: flowMode(perSecond, present.mode) }
}

/** The two rails of a lane, and where the numbers are under the lower one. */
export interface Rails {
  readonly serverY: number
  readonly browserY: number
  readonly numberY: number
}

const RAIL_INSET = 12
const NUMBER_HEIGHT = 18

export function railsOf(height: number): Rails {
  const browserY = height - RAIL_INSET - NUMBER_HEIGHT
  return { serverY: RAIL_INSET, browserY, numberY: browserY + RAIL_INSET + 12 }
}

/** How dark a density cell is: the square root keeps single events visible beside bursts. */
export function cellAlpha(count: number, largest: number): number {
  return count === 0 || largest === 0 ? 0 : 0.15 + 0.85 * Math.sqrt(count / largest)
}
