import type { Technique } from '../../server/protocol/techniques.ts'

/** Colour, shape and name together say which technique it is. */
export const TECHNIQUE_SHAPE: Readonly<Record<Technique, string>> = {
  poll: '■',
  'long-poll': '◆',
  sse: '▲',
  websocket: '●',
}
