import type { Technique } from '../protocol/techniques.ts'
import { openFetchStream } from './fetch-stream.ts'
import { openLongPoll } from './long-poll.ts'
import { openPoll } from './poll.ts'
import { openSse } from './sse.ts'
import type { OpenTechnique } from './technique.ts'
import { openWebSocket } from './websocket.ts'

/** The server's registry of techniques. A technique of the protocol that is missing here does not compile. */
export const techniqueServers: Readonly<Record<Technique, OpenTechnique>> = {
  poll: openPoll,
  'long-poll': openLongPoll,
  sse: openSse,
  websocket: openWebSocket,
  'fetch-stream': openFetchStream,
}
