import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net'
import { isBadPort } from './bad-ports.ts'

/** Every address of this machine, IPv4 and IPv6. */
export const EVERYWHERE = '::'

export interface ListenWanted {
  /** An address; `localhost`; or `::`, which is every address of both families. */
  readonly host: string
  /** 0: any free one that browsers do not refuse. */
  readonly port: number
}

/** A server that listens. */
export interface Listening {
  readonly port: number
  /** Stops accepting at the further addresses. The server itself is the caller's to close. */
  close(): void
}

/**
 * So many connections may wait to be accepted (the kernel caps it at its own `somaxconn`). With Node's default of 511, of
 * those who connect at once the others wait a second for the kernel to try again.
 */
const BACKLOG = 4096
/** A port that was free is somebody else's now and then when it is asked for. */
const TRIES = 20
const OPTIONS = { allowHalfOpen: true, noDelay: true } as const

/**
 * Makes a server listen at every address that `host` stands for, on one port: itself at the first, by `listen`, and plain
 * servers at the others, which hand their connections over. All connections are then those of one server, with its
 * listeners and limits. A family that this machine has not is passed over. Rejects with the listen error, `EADDRINUSE`
 * for one.
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
    const at = (place: Place): Bind => ({ ...place, port: chosen, backlog: BACKLOG })
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

interface Place {
  readonly host: string
  readonly ipv6Only: boolean
}

interface Bind extends Place {
  readonly port: number
  readonly backlog: number
}

/**
 * `localhost` is both of loopback's addresses, whatever the machine's own list of names says (RFC 6761 §6.3), since
 * browsers try both; `::` is two places, so that nobody's IPv4 address is written as IPv6.
 */
function addressesOf(host: string): readonly [string, ...string[]] {
  if (host === EVERYWHERE) return ['0.0.0.0', '::']
  return host === 'localhost' ? ['127.0.0.1', '::1'] : [host]
}

/** Those that this machine has; all of them where it has none, so that listening says what is wrong. */
async function usable(hosts: readonly [string, ...string[]]): Promise<readonly [Place, ...Place[]]> {
  const places = hosts.map(host => ({ host, ipv6Only: host === '::' }))
  const tried = await Promise.all(places.map(isUsable))
  const [first, ...others] = places.filter((_, index) => tried[index])
  return first === undefined ? [{ host: hosts[0], ipv6Only: false }] : [first, ...others]
}

function isUsable(place: Place): Promise<boolean> {
  return tryPort(place).then(
    () => true,
    () => false,
  )
}

async function freePort(place: Place): Promise<number> {
  for (;;) {
    const port = await tryPort(place)
    if (!isBadPort(port)) return port
  }
}

/** Listens on any free port for a moment; resolves to which. */
async function tryPort(place: Place): Promise<number> {
  const server = createServer()
  await listening(server, { ...place, port: 0 })
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
