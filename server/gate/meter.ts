import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import type { TechniqueTraffic, Traffic } from '../protocol/api.ts'
import { TECHNIQUES, type Technique } from '../protocol/techniques.ts'

/**
 * Counts what crosses the sockets. The bytes are the sockets' own (`bytesRead`, `bytesWritten`), so that nothing
 * is forgotten; a request only says on whose behalf they crossed. What crossed since the last booking goes to the
 * present owner: a pooled socket's bytes thus go to the technique of the request that just ended on it.
 */
export interface Meter {
  /** Epoch milliseconds at which the counters were last set to zero. */
  readonly sinceAt: number
  /** Follows a socket of the server from its first byte to its last. */
  watch(socket: Socket): void
  /** A request begins on a socket. `technique` is null for page, API and control; `client` names one reader. */
  begin(socket: Socket, technique: Technique | null, client: string | null): Booking
  /** The sockets that now belong to a technique: its streams, and the idle ones whose last request was one of its polls. */
  sockets(technique: Technique): Socket[]
  /** All open sockets, whoever they belong to. */
  allSockets(): Socket[]
  read(): { readonly techniques: TechniqueTraffic; readonly other: Traffic }
  /** One reader's own traffic, by the name that it chose; zeros for a name never seen. */
  readClient(client: string): TechniqueTraffic
  reset(): void
}

/** What a room tells the meter about the request it serves. */
export interface Booking {
  /** From now on what is delivered is counted there, and booked whenever somebody wants to know. */
  stream(delivered: Delivered): void
  /** All that was written since the answer before, but for `bodyBytes`, was this answer's head. */
  head(bodyBytes: number): void
  /** The answer is complete: what crossed so far belongs to this request. */
  settle(): void
  /** A poll is answered: so many events of so many bytes of text, in so large a body. `head` and `settle` are done with it. */
  answer(events: number, payloadBytes: number, bodyBytes: number): void
}

/** What a stream has handed over, in all. */
export interface Delivered {
  readonly events: number
  /** UTF-8 bytes of their texts. */
  readonly payloadBytes: number
}

/** How many names are remembered of readers that have no socket; who left first is forgotten first. */
const CLIENTS_KEPT = 1000

type Tally = { -readonly [K in keyof Traffic]: Traffic[K] }
type TechniqueTally = Record<Technique, Tally>

/** A reader that gave a name, and the lines that are its now. */
interface Client {
  readonly tallies: TechniqueTally
  readonly lines: Set<Line>
}

export function createMeter(clock: Clock): Meter {
  const lines = new Map<Socket, Line>()
  /** Those that have a socket: they are never forgotten, however many others give names. */
  const present = new Map<string, Client>()
  const absent = new Map<string, Client>()
  const techniques = emptyTechniques()
  const other = emptyTally()
  const others = [other]
  /** Of a reader without a name, made once for all of them. */
  const nameless: Readonly<Record<Technique, readonly Tally[]>> = {
    poll: [techniques.poll],
    'long-poll': [techniques['long-poll']],
    sse: [techniques.sse],
    websocket: [techniques.websocket],
  }
  let sinceAt = clock.epochMs()

  return {
    get sinceAt() {
      return sinceAt
    },
    watch,
    begin,
    sockets: technique =>
      [...lines.values()].filter(line => line.owner === technique).map(line => line.socket),
    allSockets: () => [...lines.keys()],
    read,
    readClient,
    reset,
  }

  function watch(socket: Socket): void {
    const line = new Line(socket, others)
    lines.set(socket, line)
    socket.once('close', () => {
      line.settle()
      lines.delete(socket)
      give(line, null)
    })
  }

  function begin(socket: Socket, technique: Technique | null, client: string | null): Booking {
    const line = lines.get(socket)
    if (line === undefined) throw new Error('a request on a socket that is not watched')
    line.owner = technique
    give(line, client)
    line.tallies = talliesOf(technique, client)
    for (const tally of line.tallies) tally.requests += 1
    return line
  }

  /** From now on the line is this reader's. */
  function give(line: Line, name: string | null): void {
    if (line.client === name) return
    if (line.client !== null) leave(line, line.client)
    line.client = name
    if (name === null) return
    const client = clientOf(name) ?? { tallies: emptyTechniques(), lines: new Set() }
    absent.delete(name)
    present.set(name, client)
    client.lines.add(line)
  }

  function leave(line: Line, name: string): void {
    const client = present.get(name)
    client?.lines.delete(line)
    if (client === undefined || client.lines.size > 0) return
    present.delete(name)
    absent.set(name, client)
    const eldest = absent.keys().next()
    if (absent.size > CLIENTS_KEPT && !eldest.done) absent.delete(eldest.value)
  }

  function clientOf(name: string): Client | undefined {
    return present.get(name) ?? absent.get(name)
  }

  function talliesOf(technique: Technique | null, name: string | null): readonly Tally[] {
    if (technique === null) return others
    const client = name === null ? undefined : present.get(name)
    if (client === undefined) return nameless[technique]
    return [techniques[technique], client.tallies[technique]]
  }

  function read() {
    const counts = emptyTechniques()
    let otherConnections = 0
    for (const line of lines.values()) {
      line.settle()
      if (line.owner === null) otherConnections += 1
      else counts[line.owner].connections += 1
    }
    return {
      techniques: withConnections(techniques, counts),
      other: { ...other, connections: otherConnections },
    }
  }

  function readClient(name: string): TechniqueTraffic {
    const client = clientOf(name)
    const counts = emptyTechniques()
    for (const line of client?.lines ?? []) {
      if (line.owner === null) continue
      line.settle()
      counts[line.owner].connections += 1
    }
    return withConnections(client?.tallies ?? emptyTechniques(), counts)
  }

  function reset(): void {
    for (const line of lines.values()) line.settle()
    for (const tally of [other, ...Object.values(techniques)]) Object.assign(tally, emptyTally())
    for (const { tallies } of [...present.values(), ...absent.values()]) {
      for (const tally of Object.values(tallies)) Object.assign(tally, emptyTally())
    }
    sinceAt = clock.epochMs()
  }
}

/** A socket and what has been booked of it. A class, because there is one for each of ten thousand connections. */
class Line implements Booking {
  readonly socket: Socket
  owner: Technique | null = null
  client: string | null = null
  /** Where this line's bytes go: to its technique, or to everything else, and to the reader that gave a name. */
  tallies: readonly Tally[]
  #bookedIn = 0
  #bookedOut = 0
  /** `bytesWritten` when the last head was booked: where the next answer begins. */
  #answeredOut = 0
  #stream: Delivered | null = null
  #bookedEvents = 0
  #bookedPayloadBytes = 0

  constructor(socket: Socket, tallies: readonly Tally[]) {
    this.socket = socket
    this.tallies = tallies
  }

  stream(delivered: Delivered): void {
    this.#stream = delivered
  }

  head(bodyBytes: number): void {
    const headerBytes = this.socket.bytesWritten - this.#answeredOut - bodyBytes
    this.#answeredOut = this.socket.bytesWritten
    for (const tally of this.tallies) {
      tally.headerBytesOut += headerBytes
      tally.framingBytesOut -= headerBytes
    }
  }

  /** All bytes out are framing until `#deliver` or `head` says that some of them were something else. */
  settle(): void {
    if (this.#stream !== null) this.#settleStream(this.#stream)
    const bytesIn = this.socket.bytesRead - this.#bookedIn
    const bytesOut = this.socket.bytesWritten - this.#bookedOut
    this.#bookedIn += bytesIn
    this.#bookedOut += bytesOut
    for (const tally of this.tallies) {
      tally.bytesIn += bytesIn
      tally.framingBytesOut += bytesOut
    }
  }

  answer(events: number, payloadBytes: number, bodyBytes: number): void {
    // Each look at a socket's counters costs as much as all of the sums.
    const { bytesRead, bytesWritten } = this.socket
    const headerBytes = bytesWritten - this.#answeredOut - bodyBytes
    const bytesIn = bytesRead - this.#bookedIn
    const bytesOut = bytesWritten - this.#bookedOut
    this.#answeredOut = bytesWritten
    this.#bookedIn = bytesRead
    this.#bookedOut = bytesWritten
    for (const tally of this.tallies) {
      tally.deliveries += events
      tally.bytesIn += bytesIn
      tally.headerBytesOut += headerBytes
      tally.payloadBytesOut += payloadBytes
      tally.framingBytesOut += bytesOut - headerBytes - payloadBytes
    }
  }

  #settleStream({ events, payloadBytes }: Delivered): void {
    this.#deliver(events - this.#bookedEvents, payloadBytes - this.#bookedPayloadBytes)
    this.#bookedEvents = events
    this.#bookedPayloadBytes = payloadBytes
  }

  #deliver(events: number, payloadBytes: number): void {
    for (const tally of this.tallies) {
      tally.deliveries += events
      tally.payloadBytesOut += payloadBytes
      tally.framingBytesOut -= payloadBytes
    }
  }
}

function withConnections(tally: TechniqueTally, counts: TechniqueTally): TechniqueTraffic {
  const whole = emptyTechniques()
  for (const name of TECHNIQUES) whole[name] = { ...tally[name], connections: counts[name].connections }
  return whole
}

function emptyTechniques(): TechniqueTally {
  return { poll: emptyTally(), 'long-poll': emptyTally(), sse: emptyTally(), websocket: emptyTally() }
}

function emptyTally(): Tally {
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
