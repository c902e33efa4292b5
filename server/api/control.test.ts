import { fastifyWebsocket } from '@fastify/websocket'
import fastify from 'fastify'
import { afterEach, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../clock.ts'
import { createMeter, type Meter } from '../gate/meter.ts'
import { POLICY } from '../policy.ts'
import type { Stats } from '../protocol/api.ts'
import { openControl } from './control.ts'

const PAGES = 20

const app = fastify()
afterEach(() => app.close())

it('encodes the statistics once for all pages, and those of each named reader once', async () => {
  const clock = systemClock()
  let reads = 0
  let encodings = 0
  const read = (): Stats => {
    reads += 1
    const toJSON = () => {
      encodings += 1
      return { n: encodings }
    }
    return { toJSON } as unknown as Stats
  }
  await app.register(fastifyWebsocket)
  await app.register(async scope =>
    openControl(scope, { meter: createMeter(clock), clock, policy: POLICY, read }),
  )
  const address = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws')
  const texts = await Promise.all(
    Array.from({ length: PAGES }, (_, page) =>
      firstTexts(`${address}/control${page % 2 === 0 ? '' : `?client=reader${10 + page}`}`, 3),
    ),
  )
  expect(encodings).toBe(reads)
  expect(encodings).toBeLessThan(PAGES)
  for (const [page, messages] of texts.entries()) {
    for (const message of messages.map(text => JSON.parse(text))) {
      expect(message.stats).toEqual({ n: expect.any(Number) })
      expect(message.client?.sse.requests).toBe(page % 2 === 0 ? undefined : 0)
    }
  }
})

it("reads a reader's traffic once for all pages that watch it", async () => {
  const clock = systemClock()
  const meter = createMeter(clock)
  let reads = 0
  let looks = 0
  const readClient: Meter['readClient'] = client => {
    looks += 1
    return meter.readClient(client)
  }
  const read = () => {
    reads += 1
    return {} as Stats
  }
  const app = fastify()
  await app.register(fastifyWebsocket)
  await app.register(async scope =>
    openControl(scope, { meter: { ...meter, readClient }, clock, policy: POLICY, read }),
  )
  const address = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws')
  await Promise.all(Array.from({ length: PAGES }, () => firstTexts(`${address}/control?client=reader01`, 3)))
  expect(looks).toBe(reads)
  await app.close()
})

function firstTexts(url: string, count: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const texts: string[] = []
    const socket = new WebSocket(url)
    socket.on('error', reject)
    socket.on('message', data => {
      texts.push(String(data))
      if (texts.length === count) resolve(texts)
    })
  })
}
