/** Each arm's own bytes, taken from the server before the first trial: what the floors send in its place. */
import { connect } from 'node:net'
import { type Technique, TRAITS } from '../../server/protocol/techniques.ts'
import { readHttpHead } from '../fleet/http-head.ts'
import { readFrame } from '../fleet/websocket.ts'
import type { FloorSettings } from './floor.ts'
import type { ServerSubject } from './subject.ts'

export type CapturedPayloads = Readonly<Record<Technique, FloorSettings>>

/** Enough events that their numbers have as many digits as most of a trial's. */
const EVENTS = 300
const DEADLINE_MS = 5_000
/** Headers that `node:http` writes by itself. */
const AUTOMATIC = new Set(['date', 'connection', 'keep-alive'])

/** `pollEvents` is how many events an answer of polling holds on average. */
export async function capturePayloads(server: ServerSubject, pollEvents: number): Promise<CapturedPayloads> {
  await server.burst(EVENTS)
  const { newest } = await server.cursors()
  const [epoch = '', top] = newest.split('-')
  const ask = <T>(technique: Technique, events: number, find: (bytes: Buffer) => T | null) =>
    exchange(
      server.port,
      `${TRAITS[technique].endpoint}?cursor=${epoch}-${Number(top) - events}`,
      technique,
      find,
    )

  return {
    poll: await ask('poll', pollEvents, bytes => findAnswer(bytes, false)),
    'long-poll': await ask('long-poll', 1, bytes => findAnswer(bytes, true)),
    sse: await ask('sse', 1, findSseEvent),
    websocket: await ask('websocket', 1, findWebSocketEvent),
  }
}

function findAnswer(bytes: Buffer, held: boolean): FloorSettings | null {
  const head = readHttpHead(bytes, 0)
  if (head === null || bytes.length < head.end + (head.contentLength ?? 0)) return null
  const lines = head.text.split('\r\n').slice(1)
  const headers = lines
    .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const)
    .filter(([name]) => !AUTOMATIC.has(name.toLowerCase()))
  return { kind: 'http', headers: headers.flat(), base64: bytes.subarray(head.end).toString('base64'), held }
}

/** The block after the hello's. */
function findSseEvent(bytes: Buffer): FloorSettings | null {
  const head = readHttpHead(bytes, 0)
  const hello = head === null ? -1 : bytes.indexOf('\n\n', head.end)
  const event = hello === -1 ? -1 : bytes.indexOf('\n\n', hello + 2)
  return event === -1
    ? null
    : { kind: 'tcp', base64: bytes.subarray(hello + 2, event + 2).toString('base64') }
}

/** The frame after the hello's. */
function findWebSocketEvent(bytes: Buffer): FloorSettings | null {
  const head = readHttpHead(bytes, 0)
  const hello = head === null ? null : readFrame(bytes, head.end)
  const event = hello === null ? null : readFrame(bytes, hello.end)
  if (hello === null || event === null) return null
  return { kind: 'tcp', base64: bytes.subarray(hello.end, event.end).toString('base64') }
}

function exchange<T>(
  port: number,
  path: string,
  technique: Technique,
  find: (bytes: Buffer) => T | null,
): Promise<T> {
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n`
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${technique === 'websocket' ? upgrade : ''}\r\n`,
      )
    })
    let bytes: Buffer = Buffer.alloc(0)
    const giveUp = (why: string) => {
      socket.destroy()
      reject(
        new Error(`no captured of ${technique}: ${why}; so far ${JSON.stringify(bytes.toString('latin1'))}`),
      )
    }
    socket.setTimeout(DEADLINE_MS, () => giveUp('it took too long'))
    socket.on('error', error => giveUp(error.message))
    socket.on('data', read => {
      bytes = Buffer.concat([bytes, read])
      const found = find(bytes)
      if (found === null) return
      socket.destroy()
      resolve(found)
    })
  })
}
