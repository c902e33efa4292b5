/** Each technique's own bytes, captured from the server before the first trial: a floor sends them in its place. */
import { connect } from 'node:net'
import {
  asksAtIntervals,
  isHeld,
  isStream,
  TECHNIQUES,
  type Technique,
} from '../../server/protocol/techniques.ts'
import { BATCH_MAX_EVENTS } from '../../server/protocol/wire.ts'
import { type HttpHead, readHttpHead } from '../fleet/http-head.ts'
import { FLEET_TECHNIQUES } from '../fleet/techniques.ts'
import type { FloorSettings } from './floor.ts'
import type { ServerSubject } from './subject.ts'

export type CapturedPayloads = Readonly<Record<Technique, FloorSettings>>

/** No answer holds more, and their numbers have as many digits as those of most events in a trial. */
const EVENTS = BATCH_MAX_EVENTS
const DEADLINE_MS = 5_000
/** Header fields that `node:http` writes by itself. */
const AUTOMATIC = new Set(['date', 'connection', 'keep-alive'])

/** `eventsPerAnswer` is how many events the average answer holds where requests are sent at intervals. */
export async function capturePayloads(
  server: Pick<ServerSubject, 'port' | 'burst' | 'cursors'>,
  eventsPerAnswer: number,
): Promise<CapturedPayloads> {
  await server.burst(EVENTS)
  const { newest } = await server.cursors()
  const [epoch = '', top] = newest.split('-')
  const payloads: Partial<Record<Technique, FloorSettings>> = {}
  for (const technique of TECHNIQUES) {
    const events = asksAtIntervals(technique) ? Math.min(EVENTS, eventsPerAnswer) : 1
    payloads[technique] = await capture(technique, server.port, `${epoch}-${Number(top) - events}`)
  }
  return payloads as CapturedPayloads
}

function capture(technique: Technique, port: number, cursor: string): Promise<FloorSettings> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(FLEET_TECHNIQUES[technique].formatRequest(`127.0.0.1:${port}`, cursor))
    })
    let bytes: Buffer = Buffer.alloc(0)
    socket.setTimeout(DEADLINE_MS, () => fail('it took too long'))
    socket.on('error', error => fail(error.message))
    socket.on('close', () => fail('the connection was closed'))
    socket.on('data', read => {
      bytes = Buffer.concat([bytes, read])
      const head = readHttpHead(bytes, 0)
      if (head === null) return
      if (head.status >= 300) return fail(`it was answered ${head.status}`)
      const payload = findPayload(technique, bytes, head)
      if (payload === null) return
      resolve(payload)
      socket.destroy()
    })

    function fail(why: string): void {
      socket.destroy()
      const soFar = JSON.stringify(bytes.toString('latin1'))
      reject(new Error(`no bytes of ${technique} could be captured: ${why}; so far ${soFar}`))
    }
  })
}

function findPayload(technique: Technique, bytes: Buffer, head: HttpHead): FloorSettings | null {
  const found = FLEET_TECHNIQUES[technique].findPayload(bytes, head)
  if (found === null) return null
  const base64 = bytes.toString('base64', found.start, found.end)
  return isStream(technique)
    ? { kind: 'tcp', base64 }
    : { kind: 'http', headers: headersOf(head), base64, held: isHeld(technique) }
}

/** Names and values in turn, as `writeHead` takes them. */
function headersOf({ text }: HttpHead): string[] {
  const [, ...fields] = text.split('\r\n')
  return fields
    .map(field => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1).trim()] as const)
    .filter(([name]) => !AUTOMATIC.has(name.toLowerCase()))
    .flat()
}
