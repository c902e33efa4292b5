import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { createMeter, type Meter } from './meter.ts'

/** A socket that counts how often its counters are read. */
class CountedSocket extends EventEmitter {
  looks = 0
  received = 0
  sent = 0

  get bytesRead(): number {
    this.looks += 1
    return this.received
  }

  get bytesWritten(): number {
    return this.sent
  }
}

let meter: Meter
beforeEach(() => {
  meter = createMeter(systemClock())
})

describe('the traffic of one reader', () => {
  it('is read without reading the sockets of other readers', () => {
    const sockets = Array.from({ length: 1000 }, (_, n) => connect(`client${n % 100}`))
    for (const socket of sockets) socket.looks = 0
    expect(meter.readClient('client7').sse.connections).toBe(10)
    expect(sockets.reduce((looks, socket) => looks + socket.looks, 0)).toBe(10)
  })

  it('follows the socket when the next request on it names another reader, or none', () => {
    const socket = connect('reader01')
    socket.received = 100
    meter.readClient('reader01')
    beginRequest(socket, 'reader02')
    socket.received = 150
    expect(meter.readClient('reader01').sse).toMatchObject({ connections: 0, requests: 1, bytesIn: 100 })
    expect(meter.readClient('reader02').sse).toMatchObject({ connections: 1, requests: 1, bytesIn: 50 })
    beginRequest(socket, null)
    expect(meter.readClient('reader02').sse).toMatchObject({ connections: 0, bytesIn: 50 })
  })

  it('stays known when all of its sockets have closed, and counts no other reader', () => {
    const [one, other] = [connect('reader01'), connect('reader01')]
    one.received = 10
    one.emit('close')
    expect(meter.readClient('reader01').sse).toMatchObject({ connections: 1, requests: 2, bytesIn: 10 })
    other.received = 5
    other.emit('close')
    expect(meter.readClient('reader01').sse).toMatchObject({ connections: 0, requests: 2, bytesIn: 15 })
    expect(meter.readClient('reader99').sse).toMatchObject({ connections: 0, requests: 0, bytesIn: 0 })
    expect(meter.read().techniques.sse).toMatchObject({ connections: 0, bytesIn: 15 })
  })

  it('is not forgotten while it has a socket, however many other names arrive', () => {
    const socket = connect('reader01')
    const left = connect('reader02')
    left.received = 7
    left.emit('close')
    for (let n = 0; n < 2000; n += 1) connect(`x${String(n).padStart(7, '0')}`).emit('close')
    socket.received = 10
    expect(meter.readClient('reader01').sse).toMatchObject({ connections: 1, requests: 1, bytesIn: 10 })
    expect(meter.readClient('reader02').sse).toMatchObject({ requests: 0, bytesIn: 0 })
    expect(meter.readClient('x0001999').sse).toMatchObject({ requests: 1 })
  })

  it('continues when the reader comes back, and starts from zero after a reset', () => {
    connect('reader01').emit('close')
    connect('reader02')
    connect('reader01')
    expect(meter.readClient('reader01').sse).toMatchObject({ connections: 1, requests: 2 })
    connect('reader03').emit('close')
    meter.reset()
    for (const name of ['reader01', 'reader02', 'reader03'])
      expect(meter.readClient(name).sse.requests).toBe(0)
  })
})

function connect(client: string): CountedSocket {
  const socket = new CountedSocket()
  meter.watch(socket as unknown as Socket)
  beginRequest(socket, client)
  return socket
}

function beginRequest(socket: CountedSocket, client: string | null): void {
  meter.begin(socket as unknown as Socket, 'sse', client)
}
