import type { Arm, Floor } from '../../../server/protocol/run.ts'
import {
  forEachTechnique,
  type Shape,
  type Technique,
  traitsOf,
} from '../../../server/protocol/techniques.ts'
import { ARM_NAMES } from '../../run/text/en.ts'
import { createIcon } from './icons.ts'

/** What a technique looks like: colour, shape and name, always together. */
export interface Identity {
  readonly name: string
  /** Fills a box of 12 × 12; drawn the same on a canvas and as an SVG. */
  readonly path: string
  /** The custom property that holds the colour of the present theme. */
  readonly colour: `--${string}`
}

const PATHS: Readonly<Record<Shape, string>> = {
  square: 'M1 1H11V11H1Z',
  diamond: 'M6 0L12 6L6 12L0 6Z',
  triangle: 'M6 0.5L12 11.5H0Z',
  circle: 'M6 0.5A5.5 5.5 0 1 1 6 11.5A5.5 5.5 0 1 1 6 0.5Z',
  'triangle-down': 'M6 11.5L0 0.5H12Z',
  bar: 'M0 4H12V8H0Z',
}

export const IDENTITIES: Readonly<Record<Technique, Identity>> = forEachTechnique(technique => ({
  name: ARM_NAMES[technique],
  path: PATHS[traitsOf(technique).shape],
  colour: `--${technique}`,
}))

/** The bench's floors are not techniques and have no colour of their own. */
export const ARM_IDENTITIES: Readonly<Record<Arm, Identity>> = {
  ...IDENTITIES,
  tcp: floorIdentity('tcp'),
  http: floorIdentity('http'),
}

function floorIdentity(floor: Floor): Identity {
  return { name: ARM_NAMES[floor], path: PATHS.bar, colour: '--muted' }
}

/** The shape in its colour. */
export function shapeIcon({ path, colour }: Identity): SVGSVGElement {
  const icon = createIcon('shape', `var(${colour})`)
  icon.show(path)
  return icon.root
}
