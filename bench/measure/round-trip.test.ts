import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { watchRoundTrip } from './round-trip.ts'

const DISTANCE_MS = 20
const signal = new AbortController().signal
const server = createServer((_request, response) => setTimeout(() => response.end(), DISTANCE_MS))
const connections = new Set<unknown>()
server.on('connection', socket => connections.add(socket))

afterEach(() => {
  server.close()
  server.closeAllConnections()
})

test('sends requests on one connection until it is ended, and then has the mean', async () => {
  const end = watchRoundTrip('127.0.0.1', await listen(), signal)
  let requests = 0
  server.on('request', () => {
    requests += 1
  })
  await expect.poll(() => requests).toBeGreaterThan(3)
  expect(await end()).toBeGreaterThanOrEqual(DISTANCE_MS - 1)
  expect(connections.size).toBe(1)
  const whenEnded = requests
  await new Promise(resolve => setTimeout(resolve, 4 * DISTANCE_MS))
  expect(requests).toBe(whenEnded)
})

test('rejects at its end if there was no answer, and not before', async () => {
  const port = await listen()
  server.close()
  await once(server, 'close')
  const end = watchRoundTrip('127.0.0.1', port, signal)
  await new Promise(resolve => setTimeout(resolve, 50))
  await expect(end()).rejects.toThrow('ECONNREFUSED')
})

async function listen(): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}
