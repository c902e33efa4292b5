import { onPixelDensity, pixelDensity } from '../../shared/pixel-density.ts'

/** A canvas that is always as sharp as the screen: drawn in CSS pixels, backed by device pixels. */
export interface ScaledCanvas {
  readonly canvas: HTMLCanvasElement
  readonly width: number
  readonly height: number
  /** The context, cleared; `null` while the canvas has no size or the browser no context. */
  begin(): CanvasRenderingContext2D | null
}

export function createScaledCanvas(canvas: HTMLCanvasElement): ScaledCanvas {
  const context = canvas.getContext('2d')
  let width = 0
  let height = 0
  let scale = 1

  new ResizeObserver(fit).observe(canvas)
  onPixelDensity(fit)

  return {
    canvas,
    get width() {
      return width
    },
    get height() {
      return height
    },
    begin,
  }

  /** Measured when the size changes and never in a frame: reading a size there would force a layout each time. */
  function fit(): void {
    scale = pixelDensity()
    width = canvas.clientWidth
    height = canvas.clientHeight
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
  }

  function begin(): CanvasRenderingContext2D | null {
    if (context === null || width === 0 || height === 0) return null
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, width, height)
    return context
  }
}
