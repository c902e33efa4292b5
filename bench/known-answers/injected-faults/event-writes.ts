import { Socket } from 'node:net'

const EVENT = Buffer.from('data: {"seq":')

/** What becomes of a write of an event stream's events: the bytes to send instead, or `null` for none. */
export type Alter = (bytes: Uint8Array, events: number) => Uint8Array | null

type Write = (this: Socket, chunk: unknown, encoding: unknown, written: unknown) => boolean

/** Stands between the server and its sockets. Only whole events are altered: the hello is left alone. */
export function alterEventWrites(alter: Alter): void {
  const write = Socket.prototype.write as Write
  const altered: Write = function (chunk, encoding, written) {
    const events = countEvents(chunk)
    const instead = events === 0 ? chunk : alter(chunk as Uint8Array, events)
    return instead === null || write.call(this, instead, encoding, written)
  }
  Socket.prototype.write = altered as typeof Socket.prototype.write
}

function countEvents(chunk: unknown): number {
  if (!Buffer.isBuffer(chunk) || !chunk.subarray(0, EVENT.length).equals(EVENT)) return 0
  let events = 0
  for (let at = chunk.indexOf(EVENT); at !== -1; at = chunk.indexOf(EVENT, at + EVENT.length)) events++
  return events
}
