import type { Arm } from '../../../server/protocol/run.ts'
import type { Technique } from '../../../server/protocol/techniques.ts'

/**
 * What a technique looks like: colour, shape and name, always together. The path fills a box of 12 × 12 and is
 * drawn the same on a canvas and as an SVG.
 */
export interface Identity {
  readonly name: string
  readonly path: string
  /** The custom property that holds the colour of the present theme. */
  readonly colour: `--${string}`
}

const SQUARE = 'M1 1H11V11H1Z'
const DIAMOND = 'M6 0L12 6L6 12L0 6Z'
const TRIANGLE = 'M6 0.5L12 11.5H0Z'
const CIRCLE = 'M6 0.5A5.5 5.5 0 1 1 6 11.5A5.5 5.5 0 1 1 6 0.5Z'
const BAR = 'M0 4H12V8H0Z'

export const IDENTITIES = {
  poll: { name: 'Polling', path: SQUARE, colour: '--poll' },
  'long-poll': { name: 'Long polling', path: DIAMOND, colour: '--long-poll' },
  sse: { name: 'SSE', path: TRIANGLE, colour: '--sse' },
  websocket: { name: 'WebSocket', path: CIRCLE, colour: '--websocket' },
} as const satisfies Record<Technique, Identity>

/** The bench's floors are not techniques and wear no technique's colour. */
export const ARM_IDENTITIES = {
  ...IDENTITIES,
  tcp: { name: 'TCP floor', path: BAR, colour: '--muted' },
  http: { name: 'HTTP floor', path: BAR, colour: '--muted' },
} as const satisfies Record<Arm, Identity>

const SVG = 'http://www.w3.org/2000/svg'

/** The shape as a small picture; the name beside it says the same, so it is hidden from screen readers. */
export function shapeIcon(identity: Identity): SVGSVGElement {
  const icon = document.createElementNS(SVG, 'svg')
  icon.setAttribute('viewBox', '0 0 12 12')
  icon.setAttribute('class', 'shape')
  icon.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', identity.path)
  path.setAttribute('fill', `var(${identity.colour})`)
  icon.append(path)
  return icon
}
