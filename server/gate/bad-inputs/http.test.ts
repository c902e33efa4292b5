import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ENDPOINTS, isHeld, TECHNIQUES, traitsOf } from '../../protocol/techniques.ts'
import { exchange, openingRequest, refusalOf, request } from '../../testing/raw-socket.ts'
import { startWitnessedLab, type WitnessedLab } from '../../testing/witnessed-lab.ts'

let lab: WitnessedLab

beforeAll(async () => {
  lab = await startWitnessedLab()
})
afterEach(() => lab.expectUnharmed())
afterAll(() => lab.stop())

interface BadCursor {
  readonly row: number
  readonly what: string
  /** What follows `cursor=`. */
  readonly cursor: string
}

const BAD_CURSORS: readonly BadCursor[] = [
  { row: 1, what: 'nothing', cursor: '' },
  { row: 2, what: 'a word', cursor: 'abc' },
  { row: 3, what: 'an epoch without a number', cursor: 'k3f9x2ab7q-' },
  { row: 4, what: 'a number without an epoch', cursor: '-5' },
  { row: 5, what: 'a negative number', cursor: 'k3f9x2ab7q--5' },
  { row: 6, what: 'a leading zero', cursor: 'k3f9x2ab7q-05' },
  { row: 7, what: 'an exponent', cursor: 'k3f9x2ab7q-1e3' },
  { row: 8, what: 'hexadecimal digits', cursor: 'k3f9x2ab7q-0x10' },
  { row: 9, what: 'a fraction', cursor: 'k3f9x2ab7q-1.0' },
  { row: 10, what: 'the first number that is not safe', cursor: 'k3f9x2ab7q-9007199254740992' },
  { row: 11, what: '400 digits', cursor: `k3f9x2ab7q-${'9'.repeat(400)}` },
  { row: 12, what: 'an epoch in upper case', cursor: 'K3F9X2AB7Q-1' },
  { row: 19, what: 'a word in upper case', cursor: 'NOW' },
  { row: 20, what: 'a second cursor', cursor: 'now&cursor=earliest' },
  { row: 22, what: 'NUL', cursor: '%00' },
  { row: 23, what: 'a line end and a field of its own', cursor: 'now%0d%0aid:x' },
  { row: 24, what: 'a broken escape', cursor: '%zz' },
  { row: 25, what: 'overlong UTF-8', cursor: '..%c0%af..' },
  { row: 26, what: 'a path', cursor: '../../etc/passwd' },
  { row: 27, what: 'a query language', cursor: "'%20OR%201=1" },
  { row: 28, what: 'the name of a prototype', cursor: '__proto__' },
  { row: 29, what: 'full-width digits', cursor: `k3f9x2ab7q-${encodeURIComponent('１２')}` },
  { row: 30, what: 'a space in front', cursor: '%20k3f9x2ab7q-1' },
  { row: 30, what: 'a tab behind', cursor: 'k3f9x2ab7q-1%09' },
  { row: 31, what: '8 KiB', cursor: 'zebra'.repeat(1640) },
]

describe.each(TECHNIQUES)('C1 cursors, %s', technique => {
  it.each(BAD_CURSORS)('$row: refuses $what with 400', async ({ cursor }) => {
    const answer = await exchange(lab.origin, openingRequest(lab.origin, technique, `cursor=${cursor}`))
    expect(refusalOf(answer)).toEqual({ status: 400, code: 'bad-cursor' })
    if (cursor.length > 2) expect(answer.body).not.toContain(cursor.slice(0, 100))
  })

  it('21: treats cursor[] as an unknown key', async () => {
    const answer = await exchange(lab.origin, openingRequest(lab.origin, technique, 'cursor[]=x'))
    expect(refusalOf(answer)).toEqual({ status: 400, code: 'bad-query' })
  })

  it.each([
    { row: 13, what: 'of another epoch', cursor: () => 'aaaaaaaaaa-1', from: 1, gap: 'epoch' },
    { row: 14, what: 'at the top', cursor: () => here(0), from: null, gap: null },
    { row: 15, what: 'just beyond the top', cursor: () => here(1), from: null, gap: 'ahead' },
    { row: 16, what: 'before the first event', cursor: () => `${epoch()}-0`, from: 1, gap: null },
    { row: 17, what: 'earliest', cursor: () => 'earliest', from: 1, gap: null },
    { row: 18, what: 'now', cursor: () => 'now', from: null, gap: null },
  ])('$row: serves a cursor that is $what', async ({ cursor, from, gap }) => {
    const { top } = lab.lab.log
    const raw = await lab.open()
    const wait = isHeld(technique) ? '&wait=0' : ''
    raw.send(openingRequest(lab.origin, technique, `cursor=${cursor()}${wait}`))
    const expected = from === null ? [] : Array.from({ length: top }, (_, index) => from + index)
    await raw.until(({ received }) => seqsIn(received).length >= expected.length && received.length > 100)
    const text = raw.received.toString()
    expect(text.startsWith(`HTTP/1.1 ${traitsOf(technique).upgrades ? 101 : 200} `)).toBe(true)
    expect(seqsIn(raw.received)).toEqual(expected)
    expect(/"reason":"(\w+)"/.exec(text)?.[1] ?? null).toBe(gap)
  })
})

interface BadRequest {
  readonly row: number
  readonly what: string
  readonly send: string
  readonly status: number
}

const HOST = 'Host: HOST'
const KEPT_BY_PARSER: readonly BadRequest[] = [
  { row: 32, what: 'a URL of 20 kB', send: get(`/poll?cursor=${'9'.repeat(20_000)}`, HOST), status: 431 },
  { row: 33, what: 'headers of 20 kB', send: get('/poll', HOST, `X-A: ${'a'.repeat(20_000)}`), status: 431 },
  { row: 35, what: 'no Host', send: get('/poll'), status: 400 },
  { row: 37, what: 'two Hosts', send: get('/poll', HOST, HOST), status: 400 },
  { row: 37, what: 'two different Hosts', send: get('/poll', HOST, 'host: evil.example'), status: 400 },
  {
    row: 40,
    what: 'a body with a length and in chunks',
    send: post('Transfer-Encoding: chunked', 'Content-Length: 4').concat(
      '0\r\n\r\nGET /zebra HTTP/1.1\r\n\r\n',
    ),
    status: 400,
  },
  { row: 40, what: 'two lengths', send: post('Content-Length: 4', 'Content-Length: 5'), status: 400 },
  { row: 40, what: 'a list of lengths', send: post('Content-Length: 4, 4'), status: 400 },
  { row: 40, what: 'a signed length', send: post('Content-Length: +4'), status: 400 },
  { row: 40, what: 'an unknown transfer coding', send: post('Transfer-Encoding: zebra'), status: 400 },
  {
    row: 40,
    what: 'chunked hidden behind another coding',
    send: post('Transfer-Encoding: chunked, identity'),
    status: 400,
  },
  {
    row: 40,
    what: 'an invalid chunk length',
    send: post('Content-Type: application/json', 'Transfer-Encoding: chunked').concat('zebra\r\n'),
    status: 400,
  },
  { row: 40, what: 'bare LF', send: get('/poll', HOST).replaceAll('\r\n', '\n'), status: 400 },
  { row: 40, what: 'bare CR', send: get('/poll', HOST, 'X-A: a\rX-B: b'), status: 400 },
  { row: 40, what: 'a space before the colon', send: get('/poll', HOST, 'Accept : */*'), status: 400 },
  { row: 40, what: 'a folded header', send: get('/poll', HOST, 'X-A: a', ' zebra'), status: 400 },
  { row: 40, what: 'NUL in a header', send: get('/poll', HOST, 'X-A: a\0zebra'), status: 400 },
  {
    row: 40,
    what: 'a method that does not exist',
    send: get('/poll', HOST).replace('GET', 'ZEBRA'),
    status: 400,
  },
  {
    row: 40,
    what: 'a version that does not exist',
    send: get('/poll', HOST).replace('1.1', '9.9'),
    status: 400,
  },
  { row: 40, what: 'the preface of HTTP/2', send: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
  { row: 40, what: 'the hello of TLS', send: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', status: 400 },
]

describe('C1 requests that are malformed', () => {
  it.each(KEPT_BY_PARSER)(
    '$row: refuses $what with $status, as JSON, and hangs up',
    async ({ send, status }) => {
      const answer = await exchange(lab.origin, Buffer.from(addressed(send), 'latin1'))
      expect(refusalOf(answer)).toMatchObject({ status })
      expect(answer.closed).toBe(true)
      expect(answer.body).not.toContain('zebra')
    },
  )

  it('40: never takes the second half of a request for another request', async () => {
    const raw = await lab.open()
    raw.send(addressed(post('Transfer-Encoding: chunked', 'Content-Length: 6').concat('0\r\n\r\n')))
    raw.send(addressed(get('/api/health', HOST)))
    await raw.until(({ closed }) => closed)
    expect(raw.received.toString().match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
  })

  it('40: writes no answer into a stream whose reader sends garbage, and closes it', async () => {
    const raw = await lab.open()
    raw.send(request(lab.origin, '/sse'))
    await raw.until(({ received }) => received.includes('event: hello'))
    raw.send('zebra\r\n\r\n')
    await raw.until(({ closed }) => closed)
    expect(raw.received.toString().match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
  })

  it.each([101, 900])('34: accepts %i headers', async count => {
    const headers = Array.from({ length: count }, (_, index) => `x-${index}: 1`)
    const answer = await exchange(lab.origin, request(lab.origin, '/poll', { headers }))
    expect(answer.status).toBe(200)
  })

  it('34: refuses more headers than it reads', async () => {
    const headers = Array.from({ length: 1001 }, () => 'a:b')
    const answer = await exchange(lab.origin, request(lab.origin, '/poll', { headers }))
    expect(refusalOf(answer)).toMatchObject({ status: 431 })
  })
})

describe('C1 paths', () => {
  it.each([
    { row: 24, path: '/%zz' },
    { row: 24, path: '/api/results/%zz' },
    { row: 25, path: '/%c0%af' },
    { row: 26, path: '/..%2f..%2fetc/passwd' },
    { row: 26, path: '/../../etc/passwd' },
    { row: 26, path: '/api/results/..%2f..%2fpackage.json' },
    { row: 26, path: '/assets/..%2f..%2f..%2fpackage.json' },
    { row: 28, path: '/__proto__' },
    { row: 28, path: '/api/results/__proto__' },
    { row: 31, path: `/${'zebra'.repeat(1640)}` },
    { row: 31, path: `/api/results/${'zebra'.repeat(100)}` },
    { row: 22, path: '/poll%00' },
    { row: 22, path: '/poll;zebra=1' },
    { row: 22, path: '//poll' },
    { row: 22, path: '/POLL' },
    { row: 22, path: 'http://evil.example/zebra' },
  ])('$row: refuses the path $path, and says nothing of it', async ({ path }) => {
    const answer = await exchange(lab.origin, request(lab.origin, path))
    expect([400, 403, 404]).toContain(refusalOf(answer).status)
    expect(answer.body).not.toMatch(/zebra|passwd|evil|%|proto/)
  })
})

describe('C1 names and methods', () => {
  it.each([
    { row: 36, host: 'evil.example' },
    { row: 36, host: 'evil.example:PORT' },
    { row: 38, host: 'localhost.evil.example:PORT' },
    { row: 38, host: '127.0.0.1.nip.io:PORT' },
    { row: 38, host: 'localhost.:PORT' },
    { row: 38, host: 'localhost:PORT@evil.example' },
    { row: 38, host: '0x7f000001:PORT' },
    { row: 38, host: '127.1:PORT' },
    { row: 38, host: '127.0.0.1:1' },
    { row: 38, host: '' },
  ])('$row: refuses the Host "$host" with 403', async ({ host }) => {
    const { port } = new URL(lab.origin)
    const headers = [`Host: ${host.replace('PORT', port)}`]
    const answer = await exchange(lab.origin, request(lab.origin, '/poll', { headers }))
    expect(refusalOf(answer)).toEqual({ status: 403, code: 'foreign-host' })
    if (host !== '') expect(answer.body).not.toContain(host.split(':')[0])
  })

  it('36: uses the server of the request line, whatever Host says (RFC 9112 §3.2.2)', async () => {
    const ours = await exchange(
      lab.origin,
      request(lab.origin, `${lab.origin}/poll`, { headers: ['Host: evil.example'] }),
    )
    expect(ours.status).toBe(200)
    const foreign = await exchange(lab.origin, request(lab.origin, 'http://evil.example/poll'))
    expect(refusalOf(foreign)).toEqual({ status: 403, code: 'foreign-host' })
  })

  it.each(['TRACE', 'PUT', 'DELETE', 'POST', 'PATCH', 'PROPFIND'])(
    '39: refuses %s with 405',
    async method => {
      for (const endpoint of [...ENDPOINTS, '/api/health']) {
        const answer = await exchange(lab.origin, request(lab.origin, endpoint, { method }))
        expect(refusalOf(answer)).toEqual({ status: 405, code: 'method-not-allowed' })
        expect(answer.headers.get('allow')).toContain('GET')
      }
    },
  )

  it('39: answers OPTIONS with 204, and grants nothing', async () => {
    const headers = ['Access-Control-Request-Method: POST', `Origin: ${lab.origin}`]
    const answer = await exchange(lab.origin, request(lab.origin, '/poll', { method: 'OPTIONS', headers }))
    expect(answer.status).toBe(204)
    expect([...answer.headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
  })

  it('39: refuses to be a proxy', async () => {
    const raw = await lab.open()
    raw.send(addressed('CONNECT HOST HTTP/1.1\r\nHost: HOST\r\n\r\n'))
    await raw.until(({ closed }) => closed)
    expect(raw.received.toString()).not.toMatch(/^HTTP\/1\.1 2/)
  })
})

function here(ahead: number): string {
  return `${epoch()}-${lab.lab.log.top + ahead}`
}

function epoch(): string {
  return lab.lab.log.epoch
}

function seqsIn(bytes: Buffer): number[] {
  return [...bytes.toString().matchAll(/\{"seq":(\d+)/g)].map(([, seq]) => Number(seq))
}

function get(path: string, ...headers: string[]): string {
  return [`GET ${path} HTTP/1.1`, ...headers, '', ''].join('\r\n')
}

function post(...headers: string[]): string {
  return ['POST /say HTTP/1.1', HOST, ...headers, '', ''].join('\r\n')
}

function addressed(text: string): string {
  return text.replaceAll('HOST', new URL(lab.origin).host)
}
