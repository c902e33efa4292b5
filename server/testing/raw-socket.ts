import { connect, type Socket } from 'node:net'
import { type Technique, traitsOf } from '../protocol/techniques.ts'
import { UPGRADE_TOKEN } from '../protocol/wire.ts'

/** One end of a connection, to send bytes that no client library would send. */
export interface RawSocket {
  readonly socket: Socket
  /** Everything received so far. */
  readonly received: Buffer
  /** The other side has ended, or reset, the connection. */
  readonly closed: boolean
  send(bytes: string | Uint8Array): void
  /** Resolves once the condition holds; rejects at the deadline with what was received. */
  until(holds: (raw: RawSocket) => boolean, deadlineMs?: number): Promise<void>
  /** Destroys the socket. Resolves once it is closed. */
  leave(): Promise<void>
}

/** One answer of an HTTP server. */
export interface RawAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

const DEADLINE_MS = 5000

export async function openRaw(origin: string): Promise<RawSocket> {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), noDelay: true })
  let received: Buffer = Buffer.alloc(0)
  let ended = false
  socket.on('error', () => {})
  socket.on('data', bytes => {
    received = Buffer.concat([received, bytes])
  })
  socket.once('end', () => {
    ended = true
  })
  await new Promise(resolve => socket.once('connect', resolve))

  const raw: RawSocket = {
    socket,
    get received() {
      return received
    },
    get closed() {
      return ended || socket.closed
    },
    send: bytes => void socket.write(bytes),
    async until(holds, deadlineMs = DEADLINE_MS) {
      const giveUpAt = performance.now() + deadlineMs
      while (!holds(raw)) {
        if (performance.now() > giveUpAt) {
          const got = received.subarray(0, 300).toString('latin1')
          throw new Error(
            `never happened: ${holds} with ${raw.closed ? 'closed after' : 'open after'} ${got}`,
          )
        }
        await new Promise(resolve => setTimeout(resolve, 2))
      }
    },
    async leave() {
      const closed = new Promise(resolve => socket.once('close', resolve))
      if (socket.closed) return
      socket.destroy()
      await closed
    },
  }
  return raw
}

/** Sends bytes and reads one whole answer: up to its Content-Length, or to the end of the connection. */
export async function exchange(
  origin: string,
  bytes: string | Uint8Array,
  deadlineMs?: number,
): Promise<RawAnswer & { readonly closed: boolean }> {
  const raw = await openRaw(origin)
  try {
    raw.send(bytes)
    await raw.until(({ received, closed }) => closed || readAnswer(received) !== null, deadlineMs)
    const answer = readAnswer(raw.received, true)
    if (answer === null) throw new Error('the connection was closed without an answer')
    // A server that closes does so right after the answer.
    await raw.until(({ closed }) => closed || answer.headers.get('connection') !== 'close', deadlineMs)
    return { ...answer, closed: raw.closed }
  } finally {
    await raw.leave()
  }
}

/** The first complete answer; null while it is incomplete. Interim (1xx) answers are skipped. */
export function readAnswer(bytes: Buffer, ended = false): RawAnswer | null {
  return readAnswers(bytes, ended)[0] ?? null
}

/** All complete answers, in their order. */
export function readAnswers(bytes: Buffer, ended = false): RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = bytes
  for (let headEnd = rest.indexOf('\r\n\r\n'); headEnd >= 0; headEnd = rest.indexOf('\r\n\r\n')) {
    const [statusLine = '', ...lines] = rest.toString('latin1', 0, headEnd).split('\r\n')
    const headers = new Map(lines.map(readHeader))
    const status = Number(statusLine.split(' ')[1])
    const bodiless = status < 200 || status === 204 || status === 304
    const length = bodiless ? '0' : headers.get('content-length')
    if (length === undefined && !ended) return answers
    const end = length === undefined ? rest.length : headEnd + 4 + Number(length)
    if (rest.length < end && !ended) return answers
    if (status >= 200 || status === 101)
      answers.push({ status, headers, body: rest.toString('utf8', headEnd + 4, end) })
    rest = rest.subarray(end)
  }
  return answers
}

function readHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

/** The text of a request. Adds `Host` unless the headers have one, and `Content-Length` for a body. */
export function request(
  origin: string,
  path: string,
  { method = 'GET', headers = [], body = '' }: RequestParts = {},
): string {
  const ownHost = headers.some(header => /^host:/i.test(header))
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(ownHost ? [] : [`Host: ${new URL(origin).host}`]),
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...headers,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** The text of the request that opens a technique's endpoint, with a WebSocket's handshake where it upgrades. */
export function openingRequest(origin: string, technique: Technique, query = ''): string {
  const { endpoint, upgrades } = traitsOf(technique)
  const headers = [
    `Upgrade: ${UPGRADE_TOKEN}`,
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
  ]
  return request(origin, `${endpoint}?${query}`, { headers: upgrades ? headers : [] })
}

export interface RequestParts {
  readonly method?: string
  /** Whole lines: `Accept: image/png`. */
  readonly headers?: readonly string[]
  readonly body?: string
}

/** The status and code of a refusal. Throws unless the body is a `RefusalBody`. */
export function refusalOf({ status, headers, body }: RawAnswer): { status: number; code: string } {
  const refusal: Record<string, unknown> = JSON.parse(body)
  const keys = Object.keys(refusal).join()
  const isSentence = /^[A-Z].*\.$/.test(String(refusal['error']))
  const isRefusal = (keys === 'error,code' || keys === 'error,code,params') && isSentence
  if (!isRefusal || !headers.get('content-type')?.startsWith('application/json')) {
    throw new Error(`no refusal of the protocol: ${status} ${body}`)
  }
  return { status, code: String(refusal['code']) }
}
