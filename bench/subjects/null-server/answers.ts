/** The polls without a server: each ask is answered with the next events, or held until there are some. */
import type { Socket } from 'node:net'
import type { NullEndpoint } from './endpoint.ts'
import { cursorOf, eventText } from './event.ts'

interface Reader {
  place: number
  /** Answers that it may still have. */
  left: number
  /** An ask of it is held. */
  asks: boolean
}

export function createAnswers(payloadBytes: number): NullEndpoint {
  const readers = new Map<Socket, Reader>()
  /** By the place that it follows; those of another size are of no use any more. */
  let answers = new Map<number, Buffer>()
  let eventsAtOnce = 0

  return {
    heard(socket) {
      const reader = readers.get(socket)
      if (reader !== undefined) return ask(socket, reader)
      readers.set(socket, { place: 0, left: 0, asks: false })
      socket.write(encode(0, 0))
    },
    gone: socket => void readers.delete(socket),
    flood(flood) {
      eventsAtOnce = flood.eventsAtOnce
      answers = new Map()
      for (const [socket, reader] of readers) {
        reader.left = flood.rounds
        if (reader.asks) ask(socket, reader)
      }
    },
  }

  function ask(socket: Socket, reader: Reader): void {
    reader.asks = reader.left === 0
    if (reader.asks) return
    const bytes = answers.get(reader.place) ?? encode(reader.place, eventsAtOnce)
    answers.set(reader.place, bytes)
    reader.place += eventsAtOnce
    reader.left--
    socket.write(bytes)
  }

  function encode(place: number, events: number): Buffer {
    const texts = Array.from({ length: events }, (_, index) => eventText(place + index + 1, payloadBytes))
    const body = `{"cursor":"${cursorOf(place + events)}","events":[${texts.join(',')}]}`
    return Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }
}
