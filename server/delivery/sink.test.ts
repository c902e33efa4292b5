import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { TcpSink } from './sink.ts'

const opened: { destroy(): void }[] = []
afterEach(() => {
  for (const each of opened.splice(0)) each.destroy()
})

/** A server's socket whose peer does not read, filled until Node buffers bytes. */
async function fullSocket(): Promise<Socket> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  opened.push({ destroy: () => server.close() })
  await once(server, 'listening')
  const peer = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }).pause()
  const [own] = (await once(server, 'connection')) as [Socket]
  opened.push(own, peer)
  own.on('error', () => {})
  peer.on('error', () => {})
  while (own.writableLength === 0) own.write(Buffer.alloc(256 * 1024))
  return own
}

/** Resolves after some turns of the event loop, and never if something blocks it. */
async function turns(count = 10): Promise<void> {
  for (let n = 0; n < count; n += 1) await new Promise(resolve => setImmediate(resolve))
}

it.each([
  ['destroyed', (socket: Socket) => void socket.destroy()],
  ['reset', (socket: Socket) => void socket.resetAndDestroy()],
])('waits no longer once its socket is %s with the bytes of another writer in it', async (_how, end) => {
  const socket = await fullSocket()
  const sink = new TcpSink(socket)
  let drains = 0
  sink.onDrain(() => {
    drains += 1
  })
  sink.write(Buffer.from('event'))
  expect(sink.writable).toBe(false)
  socket.write(Buffer.alloc(64 * 1024))
  end(socket)
  await once(socket, 'close')
  await turns()
  expect(drains).toBe(0)
  expect(sink.writable).toBe(false)
  sink.write(Buffer.from('after the end'))
})

it('does not cut an end that was written while it waited', async () => {
  const socket = await fullSocket()
  const errors: Error[] = []
  socket.on('error', error => errors.push(error))
  const sink = new TcpSink(socket)
  sink.write(Buffer.from('event'))
  socket.write(Buffer.alloc(1024))
  socket.end('bye')
  sink.write(Buffer.from('after the bye'))
  await turns()
  expect(errors).toEqual([])
})
