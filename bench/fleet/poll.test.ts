import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createPollReader } from './poll.ts'

const INTERVAL_MS = 5

test('a poll that is answered at once is asked once per interval, however early its timer fires', async () => {
  const body = JSON.stringify({ cursor: 'k3f9x2ab7q-0', events: [] })
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  let asks = 0
  const reader = createPollReader({
    host: '127.0.0.1:1',
    from: null,
    send() {
      asks++
      queueMicrotask(() => reader.read(answer))
    },
    onPlace: () => {},
    onEvent: () => {},
    onAnswer: () => {},
    sentinel: false,
    pollIntervalMs: () => INTERVAL_MS,
    random: Math.random,
    blindCursor: null,
  })
  const startedAt = performance.now()
  reader.start()
  await delay(400)
  const elapsedMs = performance.now() - startedAt
  reader.pause()
  expect(asks).toBeGreaterThan(10)
  expect(asks).toBeLessThanOrEqual(elapsedMs / INTERVAL_MS + 2)
})
