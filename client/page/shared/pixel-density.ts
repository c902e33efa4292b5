/** Paper takes more dots than a screen: 96 × 3 to the inch. */
const PRINT_DENSITY = 3

const listeners = new Set<() => void>()
let printing = false
let watching = false
let known = devicePixelRatio

/** How many device pixels a CSS pixel of a canvas is made of: as many as the screen has, or more on paper. */
export function pixelDensity(): number {
  return printing ? Math.max(devicePixelRatio, PRINT_DENSITY) : devicePixelRatio
}

/**
 * Calls back whenever the density changes: the window moves to another screen, the page is zoomed, or it is printed.
 * Whoever draws must do so within the call, since paper does not wait for a frame. Returns what ends it.
 */
export function onPixelDensity(run: () => void): () => void {
  watch()
  listeners.add(run)
  return () => listeners.delete(run)
}

function watch(): void {
  if (watching) return
  watching = true
  arm()
  addEventListener('resize', lookAtDensity)
  addEventListener('beforeprint', () => print(true))
  addEventListener('afterprint', () => print(false))
}

/** A query names one density, so it tells of the first change only. */
function arm(): void {
  matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
    'change',
    () => {
      arm()
      lookAtDensity()
    },
    { once: true },
  )
}

/** For whoever draws each frame anyway: not every change is told by every browser. */
export function lookAtDensity(): void {
  if (devicePixelRatio === known) return
  known = devicePixelRatio
  tell()
}

function print(begins: boolean): void {
  printing = begins
  tell()
}

function tell(): void {
  for (const run of [...listeners]) run()
}
