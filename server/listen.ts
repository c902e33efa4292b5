import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net'
import { isBadPort } from './bad-ports.ts'

/** Every address of this machine, IPv4 and IPv6. */
export const EVERYWHERE = '::'

export interface ListenWanted {
  /** An address, or `localhost`, or `::` for every address of both families. */
  readonly host: string
  /** With 0, any free one that browsers do not refuse. */
  readonly port: number
}

/** A server that listens. */
export interface Listening {
  readonly port: number
  /** Stops accepting at the other addresses. The caller closes the server itself. */
  close(): void
}

/**
 * So many connections may wait to be accepted (the kernel limits it to its own `somaxconn`). When more clients than
 * Node's default of 511 connect at once, the rest waits a second until the kernel tries again.
 */
const BACKLOG = 4096
/** A port that was free may be taken by another process before it is used. */
const TRIES = 20
const OPTIONS = { allowHalfOpen: true, noDelay: true } as const

/**
 * Makes a server listen at every address that `host` stands for, on one port: the server itself at the first, by
 * `listen`, and plain servers at the others, which pass their connections on to it. All connections then belong to one
 * server with its listeners and limits. An address family that this machine does not have is skipped. Rejects with the
 * listen error, for example `EADDRINUSE`.
 */
export async function listenAt(
  server: Server,
  { host, port }: ListenWanted,
  listen: (at: Bind) => Promise<unknown> = at => listening(server, at),
): Promise<Listening> {
  const [first, ...others] = await usable(addressesOf(host))
  for (let tries = 1; ; tries += 1) {
    const chosen = port === 0 ? await freePort(first) : port
    const further = others.map(() => createServer(OPTIONS, socket => server.emit('connection', socket)))
    const close = () => {
      for (const other of further) other.close()
    }
    const at = (own: Interface): Bind => ({ ...own, port: chosen, backlog: BACKLOG })
    try {
      await Promise.all(further.map((other, index) => listening(other, at(others[index] ?? first))))
      await listen(at(first))
      return { port: chosen, close }
    } catch (error) {
      close()
      if (port !== 0 || tries === TRIES) throw error
    }
  }
}

interface Interface {
  readonly host: string
  readonly ipv6Only: boolean
}

interface Bind extends Interface {
  readonly port: number
  readonly backlog: number
}

/**
 * `localhost` is both addresses of loopback, whatever the machine's hosts file says (RFC 6761 §6.3), because browsers try
 * both. `::` is listened to separately for each family, so that no IPv4 address is written as IPv6.
 */
function addressesOf(host: string): readonly [string, ...string[]] {
  if (host === EVERYWHERE) return ['0.0.0.0', '::']
  return host === 'localhost' ? ['127.0.0.1', '::1'] : [host]
}

/** The ones that this machine has; the first of them if it has none, so that the listen error says what is wrong. */
async function usable(hosts: readonly [string, ...string[]]): Promise<readonly [Interface, ...Interface[]]> {
  const interfaces = hosts.map(host => ({ host, ipv6Only: host === '::' }))
  const tried = await Promise.all(interfaces.map(isUsable))
  const [first, ...others] = interfaces.filter((_, index) => tried[index])
  return first === undefined ? [{ host: hosts[0], ipv6Only: false }] : [first, ...others]
}

function isUsable(own: Interface): Promise<boolean> {
  return tryPort(own).then(
    () => true,
    () => false,
  )
}

async function freePort(own: Interface): Promise<number> {
  for (;;) {
    const port = await tryPort(own)
    if (!isBadPort(port)) return port
  }
}

/** Listens on any free port for a moment; resolves to that port. */
async function tryPort(own: Interface): Promise<number> {
  const server = createServer()
  await listening(server, { ...own, port: 0 })
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
