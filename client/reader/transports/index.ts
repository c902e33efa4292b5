import type { Technique } from '../../../server/protocol/techniques.ts'
import { fetchStream } from './fetch-stream.ts'
import { longPoll } from './long-poll.ts'
import { poll } from './poll.ts'
import { sse } from './sse.ts'
import type { Transport } from './transport.ts'
import { websocket } from './websocket.ts'

/** Every technique has its transport, or this does not compile. */
export const TRANSPORTS: Record<Technique, Transport> = {
  poll,
  'long-poll': longPoll,
  sse,
  websocket,
  'fetch-stream': fetchStream,
}
