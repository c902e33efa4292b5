import { expect, test, vi } from 'vitest'
import { at, event, found, helloAt } from '../testing/scripted-server.ts'
import type { ScriptedBody } from '../testing/scripted-world.ts'
import { startReader } from '../testing/start-reader.ts'

const NDJSON = { headers: { 'content-type': 'application/x-ndjson; charset=utf-8' } }
const HELLO = `${JSON.stringify({ control: 'hello', ...helloAt(41) }).padEnd(1023)}\n`

function line(seq: number, data?: unknown): string {
  return `${JSON.stringify({ ...event(seq), ...(data === undefined ? {} : { data }) })}\n`
}

async function startStream(): Promise<ReturnType<typeof startReader> & { readonly body: ScriptedBody }> {
  const started = startReader('fetch-stream')
  const body = await found(started.world.requests[0]).stream(NDJSON)
  return { ...started, body }
}

test('a chunk may end anywhere in a line, and hold any number of lines', async () => {
  const { body, reader, seqs } = await startStream()
  const text = HELLO + [42, 43, 44, 45].map(seq => line(seq)).join('')
  for (let start = 0; start < text.length; start += 700) await body.write(text.slice(start, start + 700))
  expect(seqs).toEqual([42, 43, 44, 45])
  expect(reader.state).toEqual({ name: 'open' })
  await body.write(line(46) + line(47).slice(0, 5))
  expect(seqs).toEqual([42, 43, 44, 45, 46])
})

test('a line that was cut holds no event: it comes again on the next connection', async () => {
  const { world, body, seqs } = await startStream()
  await body.write(HELLO + line(42) + line(43).slice(0, -1))
  await body.cut()
  expect(seqs).toEqual([42])
  await world.pass(1000)
  expect(found(world.requests[1]).url.href).toBe(`http://lab.test:3001/stream?cursor=${at(42)}`)
})

test('looks at each character of a line of 1 MB once, in however many chunks it comes', async () => {
  const { body, seqs } = await startStream()
  await body.write(HELLO)
  const text = line(42, 'x'.repeat(1_000_000))
  let searched = 0
  for (const name of ['split', 'indexOf', 'includes', 'search', 'match'] as const) {
    const search = String.prototype[name] as (...given: unknown[]) => unknown
    vi.spyOn(String.prototype, name).mockImplementation(function (this: string, ...given: unknown[]) {
      searched += this.length
      return search.apply(this, given) as never
    })
  }
  for (let start = 0; start < text.length; start += 500) await body.write(text.slice(start, start + 500))
  vi.restoreAllMocks()
  expect(seqs).toEqual([42])
  // Searching all that has come after each chunk would be a thousand times as much.
  expect(searched).toBeLessThan(2 * text.length)
})

test('another content type is not read: it is a proxy that answers', async () => {
  const { world, reader } = startReader('fetch-stream')
  await found(world.requests[0]).stream({ headers: { 'content-type': 'text/html' } })
  expect(reader.state).toMatchObject({ name: 'reconnecting', why: 'broken' })
})
