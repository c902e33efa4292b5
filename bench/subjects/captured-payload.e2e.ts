import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import {
  asksAtIntervals,
  forEachTechnique,
  isHeld,
  isStream,
  TECHNIQUES,
} from '../../server/protocol/techniques.ts'
import { BATCH_MAX_EVENTS } from '../../server/protocol/wire.ts'
import { capturePayloads } from './captured-payload.ts'
import { type ServerSubject, startServer } from './subject.ts'

const aborted = new AbortController()
let server: ServerSubject

beforeAll(async () => {
  server = await startServer({ core: null, signal: aborted.signal, payloadBytes: 128, seed: 1 })
})

afterAll(() => server.stop())

/** How many events each technique's bytes hold. */
async function countCaptured(eventsPerAnswer: number) {
  const payloads = await capturePayloads(server, eventsPerAnswer)
  const top = await server.top()
  return forEachTechnique(technique => {
    const text = Buffer.from(payloads[technique].base64, 'base64').toString('utf8')
    expect(text, technique).toContain(`{"seq":${top},`)
    return text.split('{"seq":').length - 1
  })
}

test('a floor has one event of a stream, and of an answer as many as the average one holds', async () => {
  expect(await countCaptured(4)).toEqual(forEachTechnique(technique => (asksAtIntervals(technique) ? 4 : 1)))
})

test('an average beyond what one answer may hold is as many as one answer may hold', async () => {
  expect(await countCaptured(10_000)).toEqual(
    forEachTechnique(technique => (asksAtIntervals(technique) ? BATCH_MAX_EVENTS : 1)),
  )
})

test('a stream is pushed over TCP, answers go by HTTP with the header fields of the server', async () => {
  const payloads = await capturePayloads(server, 1)
  for (const technique of TECHNIQUES) {
    const payload = payloads[technique]
    expect(payload.kind, technique).toBe(isStream(technique) ? 'tcp' : 'http')
    if (payload.kind !== 'http') continue
    expect(payload.held).toBe(isHeld(technique))
    const names = payload.headers.filter((_, index) => index % 2 === 0).map(name => name.toLowerCase())
    expect(names).toEqual(expect.arrayContaining(['content-type', 'content-length', 'etag']))
    expect(names).not.toContain('date')
  }
})

test('an answer that is no success is reported, and not captured', async () => {
  const refusing = createServer((_request, response) => response.writeHead(400).end('{"error":"no"}'))
  await new Promise<void>(resolve => refusing.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void refusing.close())
  const { port } = refusing.address() as AddressInfo
  const subject = { port, burst: async () => {}, cursors: () => server.cursors() }
  await expect(capturePayloads(subject, 1)).rejects.toThrow(
    `no bytes of ${TECHNIQUES[0]} could be captured: it was answered 400`,
  )
})
