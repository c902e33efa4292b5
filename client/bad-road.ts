import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Test support: a way to the server that treats what it carries badly, on real sockets. */
export interface BadRoad {
  readonly host: string
  readonly origin: string
  /** Takes effect at once: connections that are open are cut, or, before a black hole, swallowed by it. */
  become(condition: Condition): void
  close(): Promise<void>
}

export type Condition =
  | { readonly kind: 'open' }
  /** The end comes after so many bytes towards the client: FIN, or RST. */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly reset: boolean }
  /** A proxy that cannot reach the server, and says so in a page of its own. */
  | { readonly kind: 'refuse'; readonly status: number }
  /** A hotspot that answers everything with a friendly 200. */
  | { readonly kind: 'welcome' }
  /** Accepts, and forwards nothing either way. */
  | { readonly kind: 'black hole' }
  /** Forwards so many bytes at a time, each in a packet of its own. */
  | { readonly kind: 'slice'; readonly bytes: number }

const PAGE = '<!doctype html><title>Welcome</title>'

export async function openBadRoad(serverPort: () => number): Promise<BadRoad> {
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

    if (condition.kind === 'refuse') answer(client, `HTTP/1.1 ${condition.status} Bad Gateway`)
    else if (condition.kind === 'welcome') answer(client, 'HTTP/1.1 200 OK')
    else join(client, condition)
  }

  function join(client: Socket, how: Condition): void {
    const upstream = keep(connect(serverPort(), '127.0.0.1'))
    client.on('data', bytes => upstream.write(bytes))
    upstream.on('data', forward(client, how))
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.destroySoon())
  }

  function answer(client: Socket, statusLine: string): void {
    client.once('data', () => {
      const head = `${statusLine}\r\nContent-Type: text/html\r\nContent-Length: ${PAGE.length}\r\nConnection: close`
      client.end(`${head}\r\n\r\n${PAGE}`)
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
