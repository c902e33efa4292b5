import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { poll } from './poll.ts'

const INTERVAL_MS = 5

/** A reader whose requests are counted, and answered in the next turn. */
function openReader(pollIntervalMs: number) {
  const body = JSON.stringify({ cursor: 'k3f9x2ab7q-0', events: [] })
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const counts = { requests: 0 }
  const reader = poll.createReader({
    host: '127.0.0.1:1',
    from: null,
    send() {
      counts.requests++
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

test('a poll that is answered at once sends one request per interval, however early its timer fires', async () => {
  const startedAt = performance.now()
  const { reader, counts } = openReader(INTERVAL_MS)
  await delay(400)
  const elapsedMs = performance.now() - startedAt
  reader.pause()
  expect(counts.requests).toBeGreaterThan(10)
  expect(counts.requests).toBeLessThanOrEqual(elapsedMs / INTERVAL_MS + 2)
})

test('with an interval of 0 it sends the next request as soon as it is answered, until it is paused, and again when resumed', async () => {
  const { reader, counts } = openReader(0)
  await delay(50)
  reader.pause()
  await delay(10)
  const requested = counts.requests
  expect(requested).toBeGreaterThan(10)
  await delay(30)
  expect(counts.requests).toBe(requested)
  reader.resume()
  await delay(30)
  reader.pause()
  expect(counts.requests).toBeGreaterThan(requested + 5)
})
