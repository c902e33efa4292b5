import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { TECHNIQUES, type TechniqueTraits, traitsOf } from '../../server/protocol/techniques.ts'
import { useFalseAnswers } from './testing/false-answers.ts'
import { at, helloAt } from './testing/scripted-server.ts'

interface BadAnswer {
  readonly row: number
  readonly what: string
  readonly answer: string
}

const BAD_ANSWERS: readonly BadAnswer[] = [
  { row: 23, what: 'a page', answer: bad('200 OK', 'Content-Type: text/html', '<html>Welcome</html>') },
  { row: 23, what: 'nothing, politely', answer: bad('200 OK', 'Content-Type: application/json', '') },
  { row: 24, what: '204', answer: 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n' },
  { row: 25, what: 'a redirect to itself', answer: bad('301 Moved', 'Location: /zebra', '') },
  { row: 25, what: 'a redirect to another path', answer: bad('302 Found', 'Location: /login', '') },
  { row: 25, what: 'a redirect to nowhere', answer: bad('307 Elsewhere', 'X-Zebra: 1', '') },
  { row: 26, what: '429', answer: bad('429 Too Many Requests', 'Retry-After: 0', '') },
  { row: 27, what: '502', answer: bad('502 Bad Gateway', 'Content-Type: text/html', '<html>') },
  { row: 27, what: 'what is not HTTP', answer: 'zebra\r\n\r\n' },
  { row: 27, what: 'nothing at all', answer: '' },
]

const EVENT = '{"seq":42,"at":1,"type":"false","data":"false"}'
const HELLO = JSON.stringify(helloAt(41))

/** Event 42, as each media type carries it to a reader at 41. */
const BODIES: Record<NonNullable<TechniqueTraits['mediaType']>, string> = {
  'application/json': `{"cursor":"${at(42)}","events":[${EVENT}]}`,
  'text/event-stream': `id: ${at(41)}\nevent: hello\ndata: ${HELLO}\n\nid: ${at(42)}\ndata: ${EVENT}\n\n`,
  'application/x-ndjson': `{"control":"hello",${HELLO.slice(1)}\n${EVENT}\n`,
}

describe.each(TECHNIQUES)('C6 %s', technique => {
  const { readThrough, withEpoch } = useFalseAnswers()
  const { mediaType } = traitsOf(technique)

  it.each(BAD_ANSWERS)('$row: comes back after $what', async ({ answer }) => {
    const events = await readThrough(technique, answer)
    expect(events.map(({ type }) => type)).toEqual(['test', 'test'])
  })

  it.skipIf(mediaType === null)('28: reads an answer that was compressed on the way', async () => {
    const body = gzipSync(withEpoch(mediaType === null ? '' : BODIES[mediaType]))
    const head = `HTTP/1.1 200 OK\r\nContent-Type: ${mediaType}\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}`
    const answer = Buffer.concat([Buffer.from(`${head}\r\nConnection: close\r\n\r\n`), body])
    const [first] = await readThrough(technique, answer)
    expect(first).toMatchObject({ seq: 42, type: 'false' })
  })
})

function bad(status: string, headers: string, body: string): string {
  return `HTTP/1.1 ${status}\r\n${headers}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
}
