import type { Arm } from '../../../server/protocol/run.ts'
import { element } from './element.ts'
import { ARM_IDENTITIES } from './identity.ts'

/** The colours of the present theme, for canvases: a canvas knows no custom properties. */
export interface Palette {
  readonly ink: string
  readonly muted: string
  readonly grid: string
  readonly surface: string
  readonly fail: string
  readonly arms: Readonly<Record<Arm, string>>
}

export function readPalette(): Palette {
  // The value of a custom property is its text, `light-dark(…)` included. Only a real property has a colour.
  const probe = document.body.appendChild(element('span', { hidden: true }))
  const style = getComputedStyle(probe)
  const colour = (name: string) => {
    probe.style.color = `var(${name})`
    return style.color
  }
  const palette = {
    ink: colour('--ink'),
    muted: colour('--muted'),
    grid: colour('--grid'),
    surface: colour('--surface'),
    fail: colour('--fail'),
    arms: Object.fromEntries(
      Object.entries(ARM_IDENTITIES).map(([arm, identity]) => [arm, colour(identity.colour)]),
    ) as Record<Arm, string>,
  }
  probe.remove()
  return palette
}
