import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createPollReader } from './poll.ts'

const INTERVAL_MS = 5

/** A reader whose asks are answered in the next turn; counts them. */
function openReader(pollIntervalMs: number) {
  const body = JSON.stringify({ cursor: 'k3f9x2ab7q-0', events: [] })
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const counts = { asks: 0 }
  const reader = createPollReader({
    host: '127.0.0.1:1',
    from: null,
    send() {
      counts.asks++
      setImmediate(() => reader.read(answer))
    },
    onPlace: () => {},
    onEvent: () => {},
    onAnswer: () => {},
    sentinel: false,
    pollIntervalMs: () => pollIntervalMs,
    random: Math.random,
    blindCursor: null,
  })
  reader.start()
  return { reader, counts }
}

test('a poll that is answered at once is asked once per interval, however early its timer fires', async () => {
  const startedAt = performance.now()
  const { reader, counts } = openReader(INTERVAL_MS)
  await delay(400)
  const elapsedMs = performance.now() - startedAt
  reader.pause()
  expect(counts.asks).toBeGreaterThan(10)
  expect(counts.asks).toBeLessThanOrEqual(elapsedMs / INTERVAL_MS + 2)
})

test('with an interval of 0 it asks as soon as it is answered, until it is paused, and again when resumed', async () => {
  const { reader, counts } = openReader(0)
  await delay(50)
  reader.pause()
  await delay(10)
  const asked = counts.asks
  expect(asked).toBeGreaterThan(10)
  await delay(30)
  expect(counts.asks).toBe(asked)
  reader.resume()
  await delay(30)
  reader.pause()
  expect(counts.asks).toBeGreaterThan(asked + 5)
})
