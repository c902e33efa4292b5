/** The techniques as the fleet knows them: one line each, and a gap does not compile. */
import type { Technique } from '../../server/protocol/techniques.ts'
import { fetchStream } from './fetch-stream.ts'
import type { FleetTechnique } from './fleet-technique.ts'
import { longPoll } from './long-poll.ts'
import { poll } from './poll.ts'
import { sse } from './sse.ts'
import { websocket } from './websocket.ts'

export const FLEET_TECHNIQUES: Readonly<Record<Technique, FleetTechnique>> = {
  poll,
  'long-poll': longPoll,
  sse,
  websocket,
  'fetch-stream': fetchStream,
}
