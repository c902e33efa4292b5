import { asksAtIntervals, type Technique, traitsOf } from '../../../server/protocol/techniques.ts'
import { type Cursor, formatCursor } from '../../../server/protocol/wire.ts'
import type { ScriptedBody, ScriptedRequest, ScriptedWorld } from './scripted-world.ts'

export const EPOCH = 'k3f9x2ab7q'
export const LATER_EPOCH = 'm4g0y3bc8r'

/** A cursor as it is on the wire. */
export function at(seq: number, epoch = EPOCH): string {
  return formatCursor(cursorAt(seq, epoch))
}

export function cursorAt(seq: number, epoch = EPOCH): Cursor {
  return { epoch, seq }
}

export function event(seq: number) {
  return { seq, at: 1_763_805_411_999, type: 'say', data: `number ${seq}` }
}

export function batch(from: number, to: number, more = {}) {
  return { cursor: at(to), events: Array.from({ length: to - from + 1 }, (_, i) => event(from + i)), ...more }
}

export function emptyBatch(seq: number) {
  return { cursor: at(seq), events: [] }
}

export function helloAt(seq: number, epoch = EPOCH) {
  return { epoch, cursor: at(seq), oldest: 1, top: seq, heartbeatMs: 15_000 }
}

export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The reader has not connected.')
  return value
}

/** What the server does in a scripted world, in the same words for every technique. */
export interface ScriptedServer {
  /** The address of the newest request that is open, or of the newest connection. */
  requested(): URL
  /** Lets the connection be, and says nothing yet. */
  accepts(): Promise<void>
  /** The reader learns its place. */
  hello(seq: number, epoch?: string): Promise<void>
  /** Sends events; then a reader that polls rests until its next request. */
  sends(from: number, to: number, epoch?: string): Promise<void>
  /** The same without the rest. */
  brings(from: number, to: number, epoch?: string): Promise<void>
  /** Has nothing to send for this long, and keeps the link healthy. */
  idles(ms: number): Promise<void>
  /** The connection is lost, in a way that the platform does not mend by itself. */
  cuts(): Promise<void>
  /** Sends a control message. Streams only. */
  controls(frame: { readonly control: string; readonly cursor?: string }): Promise<void>
}

/** Plays the server of a technique, by the way in which its transport connects. */
export function scriptServer(technique: Technique, world: ScriptedWorld): ScriptedServer {
  const { delivery, mediaType, upgrades } = traitsOf(technique)
  if (delivery === 'answers') return answering(world, asksAtIntervals(technique) ? 1000 : 0)
  if (upgrades) return onWebSocket(world)
  return mediaType === 'text/event-stream' ? onEventSource(world) : onBody(world, mediaType ?? '')
}

/** Answers the request that is open with a batch. */
function answering(world: ScriptedWorld, intervalMs: number): ScriptedServer {
  return {
    requested: () => openRequest(world).url,
    async accepts() {},
    async hello(seq) {
      await openRequest(world).answer(emptyBatch(seq))
      if (intervalMs > 0) await world.pass(intervalMs)
    },
    async sends(from, to) {
      await openRequest(world).answer(batch(from, to))
      if (intervalMs > 0) await world.pass(intervalMs)
    },
    brings: async (from, to) => openRequest(world).answer(batch(from, to)),
    async idles(ms) {
      if (intervalMs === 0) return world.pass(ms)
      // The hello was followed by a rest of one interval.
      for (const endMs = world.nowMs + ms - intervalMs; world.nowMs < endMs; await world.pass(intervalMs)) {
        await openRequest(world).answer(emptyBatch(1))
      }
    },
    cuts: async () => openRequest(world).fail(),
    controls: () => Promise.reject(new Error('Only a stream has control messages.')),
  }
}

function onEventSource(world: ScriptedWorld): ScriptedServer {
  const source = () => found(world.eventSources.at(-1))
  return streaming(world, {
    url: () => source().url,
    async accept() {
      if (source().readyState === 0) source().accept()
    },
    async event(seq, epoch) {
      source().send('message', event(seq), at(seq, epoch))
    },
    async control({ control, ...rest }) {
      // Of all control messages only a gap moves the place, by its `id`.
      const { cursor, ...data } = rest
      if (control === 'gap') source().send(control, data, cursor)
      else source().send(control, rest, cursor)
    },
    async cut() {
      source().refuse()
    },
  })
}

function onWebSocket(world: ScriptedWorld): ScriptedServer {
  const socket = () => found(world.sockets.at(-1))
  return streaming(world, {
    url: () => socket().url,
    async accept() {
      if (socket().readyState === 0) socket().accept()
    },
    async event(seq) {
      socket().receive(event(seq))
    },
    async control(frame) {
      socket().receive(frame)
    },
    async cut() {
      socket().end(1006)
    },
  })
}

/** One line each for an event and a control message, in a body that does not end. */
function onBody(world: ScriptedWorld, mediaType: string): ScriptedServer {
  const bodies = new Map<ScriptedRequest, ScriptedBody>()
  const accept = async () => {
    const request = openRequest(world)
    const body = bodies.get(request) ?? (await request.stream({ headers: { 'content-type': mediaType } }))
    bodies.set(request, body)
    return body
  }
  return streaming(world, {
    url: () => openRequest(world).url,
    accept,
    event: async seq => (await accept()).write(`${JSON.stringify(event(seq))}\n`),
    control: async frame => (await accept()).write(`${JSON.stringify(frame)}\n`),
    async cut() {
      const body = bodies.get(openRequest(world))
      await (body === undefined ? openRequest(world).fail() : body.cut())
    },
  })
}

interface StreamConnection {
  url(): URL
  accept(): Promise<unknown>
  event(seq: number, epoch: string): Promise<void>
  control(frame: { readonly control: string; readonly cursor?: string }): Promise<void>
  cut(): Promise<void>
}

function streaming(world: ScriptedWorld, connection: StreamConnection): ScriptedServer {
  return {
    requested: connection.url,
    async accepts() {
      await connection.accept()
    },
    hello: (seq, epoch = EPOCH) => controls({ control: 'hello', ...helloAt(seq, epoch) }),
    sends: brings,
    brings,
    idles: world.pass,
    cuts: connection.cut,
    controls,
  }

  async function brings(from: number, to: number, epoch = EPOCH): Promise<void> {
    for (let seq = from; seq <= to; seq += 1) await connection.event(seq, epoch)
  }

  async function controls(frame: { readonly control: string; readonly cursor?: string }): Promise<void> {
    await connection.accept()
    await connection.control(frame)
  }
}

function openRequest(world: ScriptedWorld): ScriptedRequest {
  return found(world.requests.findLast(request => request.open))
}
