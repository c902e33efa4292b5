/**
 * The physical floors, as a process of their own: what the same bytes cost with nothing but Node between the event and
 * the socket. `tcp` pushes one shared Buffer to every socket; `http` answers requests with the technique's own answer,
 * at once or, where requests are held, at the next event.
 */
import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { answerCalls } from '../processes/rpc.ts'
import { listenOnLoopback } from './listen-on-loopback.ts'

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
  /** Publishes this many events per second from now on; 0 stops. */
  readonly 'floor.rate': (perSecond: number) => void
  /** Events published so far. The greeting on accepting is the first: only with it does a socket count as a reader. */
  readonly 'floor.published': () => number
}

interface FloorServer {
  readonly server: Server
  /** Sends one event to every connected socket, or answers every held request. */
  publish(): void
}

answerCalls(createFloor())

function createFloor(): FloorCommands {
  let publish: () => void = () => {}
  let published = 1
  let timer: NodeJS.Timeout | null = null

  return {
    'floor.listen'(settings) {
      const floor = settings.kind === 'tcp' ? pushTcp(settings.base64) : answerHttp(settings)
      publish = floor.publish
      return listenOnLoopback(floor.server)
    },
    'floor.rate'(perSecond) {
      if (timer !== null) clearTimeout(timer)
      timer = null
      if (perSecond > 0) schedule(1000 / perSecond)
    },
    'floor.published': () => published,
  }

  /** At absolute times, like the server's source: an early timer is armed again, a late one delays no later event. */
  function schedule(periodMs: number): void {
    let dueMs = performance.now() + periodMs
    const arm = () => {
      timer = setTimeout(tick, Math.max(0, dueMs - performance.now()))
    }
    // One event per turn: a floor that cannot keep up must still hear the command to stop.
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
    // A first request has no cursor and is answered at once, as the server does.
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
