/**
 * The physical floors, as a process of their own: what the same bytes cost when nothing but Node is between
 * the event and the socket. `tcp` pushes one shared Buffer to every socket; `http` answers requests with the
 * arm's own response, at once (poll) or at the next event (long poll).
 */
import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { answerBench } from '../processes/rpc.ts'
import { LISTEN_BACKLOG } from './listen-backlog.ts'

export type FloorSettings =
  | { readonly kind: 'tcp'; readonly base64: string }
  | {
      readonly kind: 'http'
      readonly headers: readonly string[]
      readonly base64: string
      readonly held: boolean
    }

export type FloorCommands = {
  /** Listens and returns the port. */
  readonly 'floor.listen': (settings: FloorSettings) => Promise<number>
  /** Publishes that many events per second from now on; 0 stops. */
  readonly 'floor.rate': (perSecond: number) => null
  /** How many so far. The first is the greeting on accepting: a socket is a reader only once the server has it. */
  readonly 'floor.published': (given: null) => number
}

interface FloorServer {
  readonly server: Server
  /** One event for everyone who is connected, or held. */
  publish(): void
}

answerBench(createFloor())

function createFloor(): FloorCommands {
  let publish: () => void = () => {}
  let published = 1
  let timer: NodeJS.Timeout | null = null

  return {
    'floor.listen'(settings) {
      const floor = settings.kind === 'tcp' ? pushTcp(settings.base64) : answerHttp(settings)
      publish = floor.publish
      return listen(floor.server)
    },
    'floor.rate'(perSecond) {
      if (timer !== null) clearTimeout(timer)
      timer = null
      if (perSecond > 0) schedule(1000 / perSecond)
      return null
    },
    'floor.published': () => published,
  }

  /** On absolute times, as the server's source: a timer that fires early is armed again, a late one shifts nothing. */
  function schedule(periodMs: number): void {
    let dueMs = performance.now() + periodMs
    const arm = () => {
      timer = setTimeout(tick, Math.max(0, dueMs - performance.now()))
    }
    // One event a turn: a floor that cannot keep up must still hear that it shall stop.
    const tick = () => {
      if (performance.now() >= dueMs) {
        dueMs += periodMs
        publish()
        published++
      }
      arm()
    }
    arm()
  }
}

function pushTcp(base64: string): FloorServer {
  const bytes = Buffer.from(base64, 'base64')
  const sockets = new Set<Socket>()
  const server = createTcpServer({ noDelay: true }, socket => {
    sockets.add(socket)
    socket.write(bytes)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.resume()
  })
  return {
    server,
    publish() {
      for (const socket of sockets) socket.write(bytes)
    },
  }
}

function answerHttp(settings: FloorSettings & { kind: 'http' }): FloorServer {
  const body = Buffer.from(settings.base64, 'base64')
  const headers = [...settings.headers]
  let held: ServerResponse[] = []
  const server = createHttpServer({ noDelay: true }, (request, response) => {
    // The first ask of a long poll has no cursor and is answered at once, as the server does.
    if (settings.held && request.url?.includes('cursor=')) held.push(response)
    else response.writeHead(200, headers).end(body)
  })
  return {
    server,
    publish() {
      const answered = held
      held = []
      for (const response of answered) response.writeHead(200, headers).end(body)
    },
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', LISTEN_BACKLOG, () => resolve((server.address() as AddressInfo).port))
  })
}
