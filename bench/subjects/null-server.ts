/**
 * The least that the fleet can read, as a process of its own: no log, no parsing, no bookkeeping, only bytes as each
 * technique has them, as fast as they leave. What the fleet takes from it is what the fleet can take at all.
 */
import { type AddressInfo, createServer } from 'node:net'
import type { Technique } from '../../server/protocol/techniques.ts'
import { answerBench } from '../processes/rpc.ts'
import { LISTEN_BACKLOG } from './listen-backlog.ts'
import { createAnswers } from './null-server/answers.ts'
import type { Flood, NullEndpoint } from './null-server/endpoint.ts'
import { createStream } from './null-server/stream.ts'

export interface NullServerSettings {
  readonly technique: Technique
  readonly payloadBytes: number
}

export type NullServerCommands = {
  /** Listens and returns the port. */
  readonly 'null.listen': (settings: NullServerSettings) => Promise<number>
  /** Only when the flood before has been read: more than the fleet can take would pile up in the kernel. */
  readonly 'null.flood': (flood: Flood) => null
}

answerBench(createNullServer())

function createNullServer(): NullServerCommands {
  let room: NullEndpoint | null = null

  return {
    'null.listen'({ technique, payloadBytes }) {
      const opened =
        technique === 'sse' || technique === 'websocket'
          ? createStream(technique, payloadBytes)
          : createAnswers(payloadBytes)
      room = opened
      const server = createServer({ noDelay: true }, socket => {
        socket.on('data', bytes => opened.heard(socket, bytes))
        socket.on('error', () => socket.destroy())
        socket.on('close', () => opened.gone(socket))
      })
      return new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', LISTEN_BACKLOG, () => resolve((server.address() as AddressInfo).port))
      })
    },
    'null.flood'(flood) {
      room?.flood(flood)
      return null
    },
  }
}
