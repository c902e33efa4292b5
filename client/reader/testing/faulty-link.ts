import { createHash } from 'node:crypto'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { isStream, TECHNIQUES, traitsOf } from '../../../server/protocol/techniques.ts'

/** A proxy in front of the server that treats what it carries badly, on real sockets. */
export interface FaultyLink {
  readonly host: string
  readonly origin: string
  /** Takes effect at once: open connections are cut, or, where a black hole follows, swallowed by it. */
  become(condition: Condition): void
  close(): Promise<void>
}

export type Condition =
  | { readonly kind: 'open' }
  /** Ends every connection after this many bytes to the client, with FIN or RST. */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly reset: boolean }
  /** Answers every request itself, as a gateway or a hotspot does. */
  | { readonly kind: 'answer'; readonly status: string; readonly headers: string; readonly body: string }
  /** Reads requests and answers nothing, or the head of a good answer without its body; on all paths, or on these. */
  | { readonly kind: 'mute'; readonly after: 'nothing' | 'head'; readonly paths?: readonly string[] }
  /** Accepts, and forwards nothing in either direction. */
  | { readonly kind: 'black hole' }
  /** Forwards this many bytes at a time, each time in a packet of its own. */
  | { readonly kind: 'slice'; readonly bytes: number }

export async function openFaultyLink(serverPort: () => number): Promise<FaultyLink> {
  let condition: Condition = { kind: 'open' }
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, accept)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const host = `127.0.0.1:${port}`

  return { host, origin: `http://${host}`, become, close }

  function become(next: Condition): void {
    condition = next
    for (const socket of sockets) {
      if (next.kind === 'black hole') socket.removeAllListeners('data').pause()
      else socket.destroy()
    }
  }

  function close(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(() => resolve()))
  }

  function keep(socket: Socket): Socket {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    return socket
  }

  function accept(client: Socket): void {
    keep(client)
    if (condition.kind === 'black hole') return

    if (condition.kind === 'answer') answer(client, condition)
    else if (condition.kind === 'mute') mute(client, condition)
    else join(client, condition)
  }

  function join(client: Socket, how: Condition): void {
    const upstream = keep(connect(serverPort(), '127.0.0.1'))
    client.on('data', bytes => upstream.write(bytes))
    upstream.on('data', forward(client, how))
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.destroySoon())
  }

  function answer(client: Socket, { status, headers, body }: Extract<Condition, { kind: 'answer' }>): void {
    client.once('data', () => {
      const head = `HTTP/1.1 ${status}\r\n${headers}\r\nContent-Length: ${Buffer.byteLength(body)}`
      client.end(`${head}\r\nConnection: close\r\n\r\n${body}`)
    })
  }

  function mute(client: Socket, { after, paths }: Extract<Condition, { kind: 'mute' }>): void {
    client.once('data', (request: Buffer) => {
      const head = request.toString('latin1')
      if (paths === undefined || paths.includes(pathOf(head))) {
        if (after === 'head') client.write(headFor(head))
        return
      }
      join(client, { kind: 'open' })
      client.emit('data', request)
    })
  }

  function forward(client: Socket, how: Condition): (bytes: Buffer) => void {
    let left = how.kind === 'cut' ? how.afterBytes : Number.POSITIVE_INFINITY
    return bytes => {
      if (how.kind === 'slice') {
        for (let at = 0; at < bytes.length; at += how.bytes) client.write(bytes.subarray(at, at + how.bytes))
        return
      }
      const passed = bytes.subarray(0, left)
      left -= passed.length
      if (left > 0) client.write(passed)
      else
        client.write(passed, () =>
          how.kind === 'cut' && how.reset ? client.resetAndDestroy() : client.destroySoon(),
        )
    }
  }
}

/** The head of a good answer to a request. */
function headFor(request: string): string {
  const key = /^Sec-WebSocket-Key: *(\S+)/im.exec(request)?.[1]
  if (key !== undefined) {
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
  }
  const technique = TECHNIQUES.find(each => traitsOf(each).endpoint === pathOf(request))
  const type = (technique && traitsOf(technique).mediaType) ?? 'application/json'
  const length = technique && isStream(technique) ? '' : 'Content-Length: 1000\r\n'
  return `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${length}\r\n`
}

function pathOf(request: string): string {
  return /^[A-Z]+ ([^ ?]*)/.exec(request)?.[1] ?? ''
}
