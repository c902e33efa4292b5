import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import type { TechniqueTraffic, Traffic } from '../protocol/api.ts'
import { forEachTechnique, type Technique } from '../protocol/techniques.ts'

/**
 * Counts the bytes on all sockets. They are the sockets' own counters (`bytesRead`, `bytesWritten`), so that nothing is
 * missed; a request only says whom they count for. What crossed since the last count goes to the socket's owner, so the
 * bytes of a pooled socket go to the technique of the request that just ended on it.
 */
export interface Meter {
  /** Epoch milliseconds at which the counters were last set to zero. */
  readonly sinceAt: number
  /** Counts a socket of the server from its first byte to its last. */
  watch(socket: Socket): void
  /** A request begins on a socket. `technique` is null for page, API and control; `client` names one reader. */
  begin(socket: Socket, technique: Technique | null, client: string | null): ByteAccount
  /** The sockets that belong to a technique: its streams, and idle sockets whose last request was one of its polls. */
  sockets(technique: Technique): Socket[]
  /** All open sockets. */
  allSockets(): Socket[]
  read(): { readonly techniques: TechniqueTraffic; readonly other: Traffic }
  /** The traffic of the reader with this name; zeros for an unknown name. */
  readClient(client: string): TechniqueTraffic
  reset(): void
}

/** What is counted for one request. */
export interface ByteAccount {
  /** From now on, deliveries are read from `delivered` whenever the counters are read. */
  stream(delivered: Delivered): void
  /** Everything written since the last answer, except `bodyBytes`, was this answer's head. */
  head(bodyBytes: number): void
  /** The answer is complete: everything that crossed so far belongs to this request. */
  settle(): void
  /** A poll was answered, with so many events, bytes of text and bytes of body. Includes `head` and `settle`. */
  answer(events: number, payloadBytes: number, bodyBytes: number): void
}

/** What a stream has delivered in total. */
export interface Delivered {
  readonly events: number
  /** UTF-8 bytes of their texts. */
  readonly payloadBytes: number
}

/** How many names of readers without a socket are remembered. The one that left first is forgotten first. */
const CLIENTS_KEPT = 1000

type Counters = { -readonly [K in keyof Traffic]: Traffic[K] }
type TechniqueCounters = Record<Technique, Counters>

/** A reader with a name, and its present accounts. */
interface Client {
  readonly counters: TechniqueCounters
  readonly accounts: Set<SocketAccount>
}

export function createMeter(clock: Clock): Meter {
  const accounts = new Map<Socket, SocketAccount>()
  /** Readers with a socket. They are never forgotten, however many other names arrive. */
  const present = new Map<string, Client>()
  const absent = new Map<string, Client>()
  const techniques = forEachTechnique(zeroCounters)
  const other = zeroCounters()
  const others = [other]
  /** The counters of all readers without a name. */
  const nameless = forEachTechnique(technique => [techniques[technique]])
  let sinceAt = clock.epochMs()

  return {
    get sinceAt() {
      return sinceAt
    },
    watch,
    begin,
    sockets: technique =>
      [...accounts.values()].filter(account => account.owner === technique).map(account => account.socket),
    allSockets: () => [...accounts.keys()],
    read,
    readClient,
    reset,
  }

  function watch(socket: Socket): void {
    const account = new SocketAccount(socket, others)
    accounts.set(socket, account)
    socket.once('close', () => {
      account.settle()
      accounts.delete(socket)
      assign(account, null)
    })
  }

  function begin(socket: Socket, technique: Technique | null, client: string | null): ByteAccount {
    const account = accounts.get(socket)
    if (account === undefined) throw new Error('a request arrived on a socket that is not watched')
    account.owner = technique
    assign(account, client)
    account.counters = countersOf(technique, client)
    for (const counters of account.counters) counters.requests += 1
    return account
  }

  /** From now on the account belongs to the reader with this name. */
  function assign(account: SocketAccount, name: string | null): void {
    if (account.client === name) return
    if (account.client !== null) leave(account, account.client)
    account.client = name
    if (name === null) return
    const client = clientOf(name) ?? { counters: forEachTechnique(zeroCounters), accounts: new Set() }
    absent.delete(name)
    present.set(name, client)
    client.accounts.add(account)
  }

  function leave(account: SocketAccount, name: string): void {
    const client = present.get(name)
    client?.accounts.delete(account)
    if (client === undefined || client.accounts.size > 0) return
    present.delete(name)
    absent.set(name, client)
    const eldest = absent.keys().next()
    if (absent.size > CLIENTS_KEPT && !eldest.done) absent.delete(eldest.value)
  }

  function clientOf(name: string): Client | undefined {
    return present.get(name) ?? absent.get(name)
  }

  function countersOf(technique: Technique | null, name: string | null): readonly Counters[] {
    if (technique === null) return others
    const client = name === null ? undefined : present.get(name)
    if (client === undefined) return nameless[technique]
    return [techniques[technique], client.counters[technique]]
  }

  function read() {
    const counts = forEachTechnique(zeroCounters)
    let otherConnections = 0
    for (const account of accounts.values()) {
      account.settle()
      if (account.owner === null) otherConnections += 1
      else counts[account.owner].connections += 1
    }
    return {
      techniques: withConnections(techniques, counts),
      other: { ...other, connections: otherConnections },
    }
  }

  function readClient(name: string): TechniqueTraffic {
    const client = clientOf(name)
    const counts = forEachTechnique(zeroCounters)
    for (const account of client?.accounts ?? []) {
      if (account.owner === null) continue
      account.settle()
      counts[account.owner].connections += 1
    }
    return withConnections(client?.counters ?? forEachTechnique(zeroCounters), counts)
  }

  function reset(): void {
    for (const account of accounts.values()) account.settle()
    for (const counters of [other, ...Object.values(techniques)]) Object.assign(counters, zeroCounters())
    for (const client of [...present.values(), ...absent.values()]) {
      for (const counters of Object.values(client.counters)) Object.assign(counters, zeroCounters())
    }
    sinceAt = clock.epochMs()
  }
}

/** A socket and what has been counted on it. A class, because there may be ten thousand of them. */
class SocketAccount implements ByteAccount {
  readonly socket: Socket
  owner: Technique | null = null
  client: string | null = null
  /** Where this account's bytes are added: its technique or `other`, and the reader if it has a name. */
  counters: readonly Counters[]
  #countedIn = 0
  #countedOut = 0
  /** `bytesWritten` when the last head was counted: where the next answer begins. */
  #answeredOut = 0
  #stream: Delivered | null = null
  #countedEvents = 0
  #countedPayloadBytes = 0

  constructor(socket: Socket, counters: readonly Counters[]) {
    this.socket = socket
    this.counters = counters
  }

  stream(delivered: Delivered): void {
    this.#stream = delivered
  }

  head(bodyBytes: number): void {
    const headerBytes = this.socket.bytesWritten - this.#answeredOut - bodyBytes
    this.#answeredOut = this.socket.bytesWritten
    for (const counters of this.counters) {
      counters.headerBytesOut += headerBytes
      counters.framingBytesOut -= headerBytes
    }
  }

  /** Bytes out count as framing until `#deliver` or `head` says that some of them were something else. */
  settle(): void {
    if (this.#stream !== null) this.#settleStream(this.#stream)
    const bytesIn = this.socket.bytesRead - this.#countedIn
    const bytesOut = this.socket.bytesWritten - this.#countedOut
    this.#countedIn += bytesIn
    this.#countedOut += bytesOut
    for (const counters of this.counters) {
      counters.bytesIn += bytesIn
      counters.framingBytesOut += bytesOut
    }
  }

  answer(events: number, payloadBytes: number, bodyBytes: number): void {
    // Reading a socket's counter costs as much as all of the sums.
    const { bytesRead, bytesWritten } = this.socket
    const headerBytes = bytesWritten - this.#answeredOut - bodyBytes
    const bytesIn = bytesRead - this.#countedIn
    const bytesOut = bytesWritten - this.#countedOut
    this.#answeredOut = bytesWritten
    this.#countedIn = bytesRead
    this.#countedOut = bytesWritten
    for (const counters of this.counters) {
      counters.deliveries += events
      counters.bytesIn += bytesIn
      counters.headerBytesOut += headerBytes
      counters.payloadBytesOut += payloadBytes
      counters.framingBytesOut += bytesOut - headerBytes - payloadBytes
    }
  }

  #settleStream({ events, payloadBytes }: Delivered): void {
    this.#deliver(events - this.#countedEvents, payloadBytes - this.#countedPayloadBytes)
    this.#countedEvents = events
    this.#countedPayloadBytes = payloadBytes
  }

  #deliver(events: number, payloadBytes: number): void {
    for (const counters of this.counters) {
      counters.deliveries += events
      counters.payloadBytesOut += payloadBytes
      counters.framingBytesOut -= payloadBytes
    }
  }
}

function withConnections(counters: TechniqueCounters, counts: TechniqueCounters): TechniqueTraffic {
  return forEachTechnique(name => ({ ...counters[name], connections: counts[name].connections }))
}

function zeroCounters(): Counters {
  return {
    connections: 0,
    requests: 0,
    deliveries: 0,
    bytesIn: 0,
    payloadBytesOut: 0,
    headerBytesOut: 0,
    framingBytesOut: 0,
  }
}
