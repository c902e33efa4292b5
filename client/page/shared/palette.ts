import type { Arm } from '../../../server/protocol/run.ts'
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
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  return {
    ink: colour('--ink'),
    muted: colour('--muted'),
    grid: colour('--grid'),
    surface: colour('--surface'),
    fail: colour('--fail'),
    arms: {
      poll: colour(ARM_IDENTITIES.poll.colour),
      'long-poll': colour(ARM_IDENTITIES['long-poll'].colour),
      sse: colour(ARM_IDENTITIES.sse.colour),
      websocket: colour(ARM_IDENTITIES.websocket.colour),
      tcp: colour(ARM_IDENTITIES.tcp.colour),
      http: colour(ARM_IDENTITIES.http.colour),
    },
  }
}
