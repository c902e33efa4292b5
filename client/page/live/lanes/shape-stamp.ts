import { pixelDensity } from '../../shared/pixel-density.ts'

const SHAPE_PX = 10
const OUTLINE_PX = 2
const BOX_PX = SHAPE_PX + 2 * OUTLINE_PX

/** Draws one shape at many places: rasterised once for each look, because filling a path 600 times a frame is slow. */
export interface ShapeStamp {
  /** @param hollowOn the colour inside; `null` for a filled shape */
  draw(context: CanvasRenderingContext2D, x: number, y: number, colour: string, hollowOn: string | null): void
}

/** @param path fills a box of 12 × 12 */
export function createShapeStamp(path: string): ShapeStamp {
  const shape = new Path2D(path)
  const looks = new Map<string, HTMLCanvasElement>()

  return {
    draw: (context, x, y, colour, hollowOn) => {
      context.drawImage(look(colour, hollowOn), x - BOX_PX / 2, y - BOX_PX / 2, BOX_PX, BOX_PX)
    },
  }

  function look(colour: string, hollowOn: string | null): HTMLCanvasElement {
    const name = `${colour} ${hollowOn} ${pixelDensity()}`
    const known = looks.get(name)
    if (known !== undefined) return known
    const made = rasterise(colour, hollowOn)
    looks.set(name, made)
    return made
  }

  function rasterise(colour: string, hollowOn: string | null): HTMLCanvasElement {
    const canvas = document.createElement('canvas')
    const density = pixelDensity()
    canvas.width = canvas.height = Math.ceil(BOX_PX * density)
    const context = canvas.getContext('2d')
    if (context === null) return canvas
    context.scale(density, density)
    context.translate(OUTLINE_PX, OUTLINE_PX)
    context.scale(SHAPE_PX / 12, SHAPE_PX / 12)
    context.fillStyle = hollowOn ?? colour
    context.fill(shape)
    if (hollowOn !== null) {
      context.strokeStyle = colour
      context.lineWidth = OUTLINE_PX
      context.stroke(shape)
    }
    return canvas
  }
}
