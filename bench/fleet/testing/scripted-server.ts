import { type AddressInfo, createServer, type Socket } from 'node:net'
import { isStream, type Technique } from '../../../server/protocol/techniques.ts'
import { formatCursor } from '../../../server/protocol/wire.ts'
import type { EncodedEvent } from '../fleet-technique.ts'
import { FLEET_TECHNIQUES } from '../techniques.ts'

/** A server of one technique that sends what a test tells it to, so that it can be wrong on purpose. */
export interface ScriptedServer {
  readonly port: number
  /** In the order of connecting. */
  readonly sockets: readonly Socket[]
  /** Sends one event to every reader, or to some; where events come in answers, with the answer to the next request. */
  push(
    seq: number,
    event?: { readonly at?: number; readonly data?: unknown; readonly to?: readonly Socket[] },
  ): void
  close(): void
}

interface ScriptedConnection {
  /** Its first request has been answered. */
  greeted: boolean
  /** More may be sent: it is a stream, or has a request that is not answered. */
  open: boolean
  readonly unsent: EncodedEvent[]
}

const EPOCH = 'k3f9x2ab7q'
const HELLO = { epoch: EPOCH, cursor: `${EPOCH}-0`, oldest: 1, top: 0, heartbeatMs: 15_000 }

export async function startScriptedServer(technique: Technique): Promise<ScriptedServer> {
  const { encode } = FLEET_TECHNIQUES[technique]
  const connections = new Map<Socket, ScriptedConnection>()
  const sockets: Socket[] = []
  const server = createServer(socket => {
    const connection: ScriptedConnection = { greeted: false, open: false, unsent: [] }
    sockets.push(socket)
    connections.set(socket, connection)
    socket.on('error', () => socket.destroy())
    socket.on('data', bytes => {
      if (!connection.greeted) socket.write(encode.hello(String(bytes), HELLO))
      connection.open = connection.greeted || isStream(technique)
      connection.greeted = true
      flush(socket)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))

  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    push(seq, { at = Date.now(), data = null, to = sockets } = {}) {
      const cursor = formatCursor({ epoch: EPOCH, seq })
      const text = JSON.stringify({ seq, at, type: 'test', data })
      for (const socket of to) {
        connections.get(socket)?.unsent.push({ cursor, text })
        flush(socket)
      }
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }

  function flush(socket: Socket): void {
    const connection = connections.get(socket)
    if (connection === undefined || !connection.open || connection.unsent.length === 0) return
    socket.write(encode.events(connection.unsent.splice(0)))
    connection.open = isStream(technique)
  }
}
