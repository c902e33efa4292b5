import { afterEach, expect, test, vi } from 'vitest'
import type { Stats } from '../../server/protocol/api.ts'
import { type ServerSubject, startServer } from '../subjects/subject.ts'

afterEach(() => vi.unstubAllEnvs())

async function withServer<T>(use: (server: ServerSubject) => T): Promise<T> {
  const signal = AbortSignal.timeout(15_000)
  const server = await startServer({ core: null, signal, payloadBytes: 128, seed: 1 })
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}

test("a server option in the bench's environment does not reach the server", async () => {
  vi.stubEnv('PUSHLAB_KEEP_EVENTS', '5')
  const oldest = await withServer(async server => {
    await server.burst(20)
    const response = await fetch(`http://127.0.0.1:${server.port}/api/stats`)
    return ((await response.json()) as Stats).log.oldest
  })
  expect(oldest).toBe(1)
})

// Each of them would keep the server from starting.
test.each([
  ['PUSHLAB_COALESCE', 'none'],
  ['HOST', '0.0.0.0'],
  ['NODE_OPTIONS', '--require=/nowhere.cjs'],
])('nor does %s=%s', async (name, value) => {
  vi.stubEnv(name, value)
  expect(await withServer(({ port }) => port)).toBeGreaterThan(0)
})

test('a server that ends before it listens is reported with what it printed', async () => {
  const start = startServer({ core: null, signal: AbortSignal.timeout(15_000), payloadBytes: -1, seed: 1 })
  await expect(start).rejects.toThrow(/^the server ended before it listened: .*payload/s)
})
