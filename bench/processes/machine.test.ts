import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { listenOverflowsIn, readListenOverflows } from './machine.ts'

test('overflows are read by their names, in whatever column they are', () => {
  const netstat = (names: string, values: string) =>
    `TcpExt: ${names}\nTcpExt: ${values}\nIpExt: ListenOverflows\nIpExt: 9\n`
  expect(listenOverflowsIn(netstat('A ListenOverflows ListenDrops B', '7 3 5 8'))).toBe(5)
  expect(listenOverflowsIn(netstat('ListenOverflows A', '4 7'))).toBe(4)
  expect(listenOverflowsIn(netstat('A', '7'))).toBeNull()
  expect(listenOverflowsIn('')).toBeNull()
})

test.runIf(process.platform === 'linux')('a listen queue that overflows is seen', async () => {
  const before = readListenOverflows() ?? 0
  const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  // In one turn of this event loop all connect and none is accepted.
  const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  await new Promise<void>(resolve => process.nextTick(resolve))
  const untilMs = performance.now() + 50
  while (performance.now() < untilMs);
  expect(readListenOverflows()).toBeGreaterThan(before)
  for (const socket of sockets) socket.destroy()
  server.close()
})
