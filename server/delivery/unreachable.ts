import { readFile } from 'node:fs/promises'
import { isIPv4, type Socket } from 'node:net'
import { endianness } from 'node:os'
import { checkEvery } from '../check-every.ts'
import { bareAddress, ipv6Groups, isLoopback } from '../gate/client-address.ts'

export interface UnreachableOptions {
  readonly disconnect: (socket: Socket) => void
  /** The kernel must have been retransmitting for so long. */
  readonly unackedMs: number
  readonly monotonicMs: () => number
  /** Reads the connections on which the kernel retransmits, as `connectionOf` names them. Only Linux tells. */
  readonly retransmitting?: () => Promise<ReadonlySet<string>>
}

export interface Reachability {
  /** Watches a client's socket. A client on this machine cannot vanish, so its socket is ignored. */
  watch(socket: Socket): void
  close(): void
}

/**
 * Disconnects clients that vanished without closing their connection: cable pulled, phone out of range. An HTTP stream has
 * no ping, and the Linux kernel gives up on unacknowledged data only after a quarter of an hour (`tcp_retries2`); until
 * then the connection would count against the limits. Data that is written to such a client, a heartbeat at the latest, is
 * retransmitted, which `/proc/net/tcp` shows. A client that only does not read acknowledges what it gets. Other systems do
 * not show it; there the kernel's own timeout decides (Windows about 20 s, macOS some minutes).
 */
export function disconnectUnreachable(options: UnreachableOptions): Reachability {
  const { disconnect, unackedMs, monotonicMs, retransmitting = readKernelTables } = options
  /** The sockets of other machines, and since when data is retransmitted on them. */
  const remote = new Map<Socket, number | null>()
  let reading = false
  const close = checkEvery(unackedMs / CHECKS, monotonicMs, (_nowMs, late) => {
    if (remote.size > 0 && !reading && !late) void check()
  })
  return { watch, close }

  function watch(socket: Socket): void {
    if (!isRemote(socket)) return
    remote.set(socket, null)
    socket.once('close', () => remote.delete(socket))
  }

  async function check(): Promise<void> {
    reading = true
    const stuck = await retransmitting().catch(() => NONE)
    reading = false
    const nowMs = monotonicMs()
    for (const [socket, stuckMs] of remote) {
      const sinceMs = stuck.has(connectionOf(socket)) ? (stuckMs ?? nowMs) : null
      remote.set(socket, sinceMs)
      if (sinceMs !== null && nowMs - sinceMs >= unackedMs) disconnect(socket)
    }
  }
}

/** Checks within `unackedMs`. */
const CHECKS = 6
const NONE: ReadonlySet<string> = new Set()
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6']

/** Reads the tables of both families. A missing one (another system, no IPv6) counts as empty. */
async function readKernelTables(): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(TABLES.map(path => readFile(path, 'latin1').catch(() => '')))
  return new Set(tables.flatMap(retransmittingIn))
}

/** `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt …`, in hexadecimal; proc(5). */
const LINE = /^ *\d+: [\dA-F]+:([\dA-F]{4}) ([\dA-F]+:[\dA-F]{4}) \S\S \S+ \S+ ([\dA-F]{8}) /gm
const NO_RETRANSMISSION = '00000000'

/** The connections in one table on which data is being retransmitted. */
export function retransmittingIn(table: string): string[] {
  return [...table.matchAll(LINE)].flatMap(([, localPort, remote, retransmissions]) =>
    retransmissions === NO_RETRANSMISSION ? [] : [`${localPort} ${remote}`],
  )
}

/** A connection in the form of the kernel's table: our port, and the peer's address and port. */
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
