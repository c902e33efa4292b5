import { readFile } from 'node:fs/promises'
import { isIPv4, type Socket } from 'node:net'
import { endianness } from 'node:os'
import { checkEvery } from '../check-every.ts'
import { bareAddress, ipv6Groups, isLoopback } from '../gate/client-address.ts'

export interface UnreachableOptions {
  readonly hangUp: (socket: Socket) => void
  /** So long the kernel must have been sending the same data again. */
  readonly unackedMs: number
  readonly monotonicMs: () => number
  /** The connections that the kernel sends data to again, as `connectionOf` names them; Linux knows them. */
  readonly retransmitting?: () => Promise<ReadonlySet<string>>
}

export interface Reachability {
  /** A client is behind this socket. One on this machine cannot vanish, and costs nothing here. */
  watch(socket: Socket): void
  close(): void
}

/**
 * Hangs up on clients that vanished without a word: cable pulled, phone out of range. An event stream cannot be asked
 * whether anybody is there, and the kernel gives up on what is not acknowledged only after a quarter of an hour (Linux,
 * `tcp_retries2`); until then the connection would count against the caps. What is written to it, heartbeats at the
 * latest, is not acknowledged, and on Linux `/proc/net/tcp` says so. A client that merely does not read acknowledges.
 * Other systems do not tell; there the kernel's own patience decides (Windows about 20 s, macOS some minutes).
 */
export function hangUpOnUnreachable(options: UnreachableOptions): Reachability {
  const { hangUp, unackedMs, monotonicMs, retransmitting = askKernel } = options
  /** The sockets of other machines, and since when nothing is acknowledged at them. */
  const remote = new Map<Socket, number | null>()
  let asking = false
  const close = checkEvery(unackedMs / LOOKS, monotonicMs, (_nowMs, late) => {
    if (remote.size > 0 && !asking && !late) void look()
  })
  return { watch, close }

  function watch(socket: Socket): void {
    if (!isRemote(socket)) return
    remote.set(socket, null)
    socket.once('close', () => remote.delete(socket))
  }

  async function look(): Promise<void> {
    asking = true
    const again = await retransmitting().catch(() => NONE)
    asking = false
    const nowMs = monotonicMs()
    for (const [socket, stuckMs] of remote) {
      const sinceMs = again.has(connectionOf(socket)) ? (stuckMs ?? nowMs) : null
      remote.set(socket, sinceMs)
      if (sinceMs !== null && nowMs - sinceMs >= unackedMs) hangUp(socket)
    }
  }
}

/** In the time that must pass. */
const LOOKS = 6
const NONE: ReadonlySet<string> = new Set()
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6']

/** Of both families. A table that is not there, on another system or without IPv6, holds nothing. */
async function askKernel(): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(TABLES.map(path => readFile(path, 'latin1').catch(() => '')))
  return new Set(tables.flatMap(retransmittingIn))
}

/** `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt …`, in hexadecimal; proc(5). */
const LINE = /^ *\d+: [\dA-F]+:([\dA-F]{4}) ([\dA-F]+:[\dA-F]{4}) \S\S \S+ \S+ ([\dA-F]{8}) /gm
const NO_RETRANSMISSION = '00000000'

/** The connections of one table that data is being sent to again. */
export function retransmittingIn(table: string): string[] {
  return [...table.matchAll(LINE)].flatMap(([, localPort, remote, retransmissions]) =>
    retransmissions === NO_RETRANSMISSION ? [] : [`${localPort} ${remote}`],
  )
}

/** A connection as the kernel's table names it: our port, and the peer's address and port. */
export function connectionOf({ localPort = 0, remoteAddress = '', remotePort = 0 }: Peer): string {
  return `${hex(localPort, 4)} ${kernelAddress(remoteAddress)}:${hex(remotePort, 4)}`
}

type Peer = Pick<Socket, 'localPort' | 'remoteAddress' | 'remotePort'>

/** An address as 32-bit words in the byte order of the machine. */
function kernelAddress(written: string): string {
  const address = bareAddress(written) ?? '0.0.0.0'
  const bytes = isIPv4(address)
    ? address.split('.').map(Number)
    : ipv6Groups(address).flatMap(group => [group >> 8, group & 0xff])
  const words = Array.from({ length: bytes.length / 4 }, (_, word) => bytes.slice(word * 4, word * 4 + 4))
  const ordered = endianness() === 'LE' ? words.map(word => word.reverse()) : words
  return ordered
    .flat()
    .map(byte => hex(byte, 2))
    .join('')
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}

function isRemote({ remoteAddress = '' }: Socket): boolean {
  const address = bareAddress(remoteAddress)
  return address !== null && !isLoopback(address)
}
