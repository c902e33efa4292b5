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
 * The listener must draw within the call, since paper does not wait for a frame. Returns what ends it.
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
  addEventListener('resize', checkDensity)
  addEventListener('beforeprint', () => print(true))
  addEventListener('afterprint', () => print(false))
}

/** A query names one density, so it reports the first change only. */
function arm(): void {
  matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
    'change',
    () => {
      arm()
      checkDensity()
    },
    { once: true },
  )
}

/** To be called in each frame: no browser reports every change. */
export function checkDensity(): void {
  if (devicePixelRatio === known) return
  known = devicePixelRatio
  notify()
}

function print(begins: boolean): void {
  printing = begins
  notify()
}

function notify(): void {
  for (const run of [...listeners]) run()
}
