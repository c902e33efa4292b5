/** How many steps a slider has; fine enough that neighbouring positions differ by a few per cent. */
export const SLIDER_STEPS = 200

export interface LogRange {
  readonly min: number
  readonly max: number
  /** Position 0 means the value 0, and `min` begins at position 1. */
  readonly zero: boolean
}

/** The value at a position 0…SLIDER_STEPS, rounded to two significant digits so that it can be read aloud. */
export function valueAt(range: LogRange, position: number): number {
  if (range.zero && position <= 0) return 0
  const first = range.zero ? 1 : 0
  const share = Math.min(1, Math.max(0, (position - first) / (SLIDER_STEPS - first)))
  return Number((range.min * (range.max / range.min) ** share).toPrecision(2))
}

/** The nearest position to a value; values outside the range sit at its ends. */
export function positionOf(range: LogRange, value: number): number {
  const first = range.zero ? 1 : 0
  if (range.zero && value <= 0) return 0
  const share = Math.log(value / range.min) / Math.log(range.max / range.min)
  return Math.round(first + Math.min(1, Math.max(0, share)) * (SLIDER_STEPS - first))
}
