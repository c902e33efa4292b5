import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type StartedLab, startLab } from '../testing/start-lab.ts'

describe('a stream of JSON lines', () => {
  let started: StartedLab
  const stop = new AbortController()

  beforeEach(async () => {
    started = await startLab({ policy: { heartbeatMs: 100, checkEveryMs: 20 } })
  })
  afterEach(() => started.stop())

  it('begins with a hello of 1,024 bytes, because a browser may hold back the first kilobyte', async () => {
    const { lines } = await open()
    const hello = await lines()
    expect(Buffer.byteLength(hello)).toBe(1023)
    expect(hello).toMatch(/\} +$/)
    const { epoch } = started.lab.log
    expect(JSON.parse(hello)).toMatchObject({ control: 'hello', epoch, cursor: `${epoch}-0` })
  })

  it('has each event on a line of its own, as it stands in the log, whatever line ends are in it', async () => {
    const { lines } = await open()
    await lines()
    await started.publish(1, () => 'two\nlines\r\u2028 in one')
    const [entry] = started.lab.log.since(
      { epoch: started.lab.log.epoch, seq: 0 },
      { maxEvents: 1, maxBytes: 1_000_000, overheadBytes: 0 },
    ).entries
    expect(await lines()).toBe(entry?.text)
  })

  it('sends heartbeats and byes as the control frames of a WebSocket', async () => {
    const { lines } = await open()
    await lines()
    expect(JSON.parse(await lines())).toEqual({ control: 'heartbeat', top: 0 })
    const closing = started.lab.close()
    let line = await lines()
    while (JSON.parse(line).control === 'heartbeat') line = await lines()
    expect(JSON.parse(line)).toMatchObject({ control: 'bye', retryMs: expect.any(Number) })
    await closing
  })

  it('is not cached, not held back by a proxy, and ends with its connection', async () => {
    const { response } = await open()
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-ndjson; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      connection: 'close',
    })
    expect(response.headers.has('transfer-encoding')).toBe(false)
  })

  it('takes an Authorization header, which an EventSource cannot send, and ignores it where none is needed', async () => {
    const { response, lines } = await open({ authorization: 'Bearer whatever' })
    expect(response.status).toBe(200)
    expect(JSON.parse(await lines()).control).toBe('hello')
  })

  async function open(headers: Record<string, string> = {}) {
    const response = await fetch(`${started.origin}/stream`, { headers, signal: stop.signal })
    const body = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let unread = ''

    return { response, lines }

    /** The next line, without its line feed. */
    async function lines(): Promise<string> {
      while (!unread.includes('\n')) {
        const { done, value } = (await body?.read()) ?? { done: true }
        if (done) throw new Error(`the stream ended within ${JSON.stringify(unread)}`)
        unread += value
      }
      const end = unread.indexOf('\n')
      const line = unread.slice(0, end)
      unread = unread.slice(end + 1)
      return line
    }
  }
})
