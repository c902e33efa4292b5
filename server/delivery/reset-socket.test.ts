import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { resetSocket } from './reset-socket.ts'

const opened: { destroy(): void }[] = []
afterEach(() => {
  for (const each of opened.splice(0)) each.destroy()
})

/** Both ends of a connection whose peer stays half open, like a client that does not close. */
async function connection(): Promise<{ own: Socket; peer: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  opened.push({ destroy: () => server.close() })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [own] = (await once(server, 'connection')) as [Socket]
  opened.push(own, peer)
  own.on('error', () => {})
  peer.resume()
  return { own, peer }
}

test('a reset reaches the peer', async () => {
  const { own, peer } = await connection()
  const broken = once(peer, 'error')
  resetSocket(own)
  expect(await broken).toMatchObject([{ code: 'ECONNRESET' }])
})

test.each([
  ['at once', (run: () => void) => run()],
  ['while it is being written', (run: () => void) => process.nextTick(run)],
  ['soon after', (run: () => void) => setImmediate(run)],
])('a connection whose end was written is closed all the same: %s', async (_, later) => {
  const { own } = await connection()
  const closed = once(own, 'close')
  own.end('the last bytes')
  later(() => resetSocket(own))
  await closed
  expect(own.destroyed).toBe(true)
})
