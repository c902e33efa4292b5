import type { Technique } from '../protocol/techniques.ts'
import { longPoll } from './long-poll.ts'
import { poll } from './poll.ts'
import { sse } from './sse.ts'
import type { TechniqueServer } from './technique.ts'
import { websocket } from './websocket.ts'

/** The registry: a name in the protocol without its room here does not compile. */
export const techniqueServers: Readonly<Record<Technique, TechniqueServer>> = {
  poll,
  'long-poll': longPoll,
  sse,
  websocket,
}
