import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { exchange, type RawAnswer, readAnswers, refusalOf, request } from '../testing/raw-socket.ts'
import { startWitnessedLab, type WitnessedLab } from '../testing/witnessed-lab.ts'

const TOKEN = 'correct-horse'
const JSON_TYPE = 'Content-Type: application/json'
const PORTS = ['origin', 'linkOrigin'] as const
let lab: WitnessedLab

beforeAll(async () => {
  lab = await startWitnessedLab({ token: TOKEN })
})
afterEach(() => lab.expectUnharmed())
afterAll(() => lab.stop())

const call = (port: (typeof PORTS)[number], path: string, parts: Parameters<typeof request>[2] = {}) =>
  exchange(lab[port], request(lab[port], path, parts))
const send = (port: (typeof PORTS)[number], ...lines: string[]) =>
  exchange(lab[port], `${lines.join('\r\n')}\r\n\r\n`)
const hostOf = (port: (typeof PORTS)[number]) => new URL(lab[port]).host

describe.each(PORTS)('at the %s, a request', port => {
  it('of HTTP/1.0 needs no Host, as health checks send it', async () => {
    expect(await send(port, 'GET /poll HTTP/1.0')).toMatchObject({ status: 200, closed: true })
    expect((await send(port, 'GET /poll HTTP/1.0', `Host: ${hostOf(port)}`)).status).toBe(200)
  })

  it('of HTTP/1.0 with a foreign Host is refused, and one of HTTP/1.1 without any', async () => {
    expect(refusalOf(await send(port, 'GET /poll HTTP/1.0', 'Host: evil.example')).status).toBe(403)
    expect(refusalOf(await send(port, 'GET /poll HTTP/1.1'))).toEqual({ status: 400, code: 'not-one-host' })
    const absolute = await send(port, `GET http://${hostOf(port)}/poll HTTP/1.1`)
    expect(refusalOf(absolute)).toEqual({ status: 400, code: 'not-one-host' })
  })

  it.each(['http://', 'HTTP://', 'https://'])(
    'in absolute form is routed by its target: %s',
    async scheme => {
      const target = `${scheme}${hostOf(port)}/poll?cursor=now`
      expect((await send(port, `GET ${target} HTTP/1.1`, 'Host: evil.example')).status).toBe(200)
      expect((await send(port, `GET ${target} HTTP/1.0`)).status).toBe(200)
      const foreign = await send(port, `GET ${scheme}evil.example/poll HTTP/1.1`, `Host: ${hostOf(port)}`)
      expect(refusalOf(foreign)).toEqual({ status: 403, code: 'foreign-host' })
    },
  )

  it.each(['ftp://HOST/poll', 'http:///poll', 'http://user@HOST/poll', 'file:///etc/passwd'])(
    'for %s is refused',
    async target => {
      const answer = await send(
        port,
        `GET ${target.replace('HOST', hostOf(port))} HTTP/1.1`,
        `Host: ${hostOf(port)}`,
      )
      expect([400, 403]).toContain(refusalOf(answer).status)
    },
  )

  it.each(['HOST', 'evil.example:443'])(
    'to connect to %s is refused and its connection closed',
    async target => {
      const authority = target.replace('HOST', hostOf(port))
      const answer = await send(port, `CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`)
      expect(refusalOf(answer)).toEqual({ status: 400, code: 'bad-address' })
      expect(answer.closed).toBe(true)
    },
  )

  it('may name this machine without a port, or its IPv6 address in another spelling', async () => {
    for (const host of ['localhost', '127.0.0.1', '[0:0:0::1]', 'LOCALHOST']) {
      expect((await call(port, '/poll', { headers: [`Host: ${host}`] })).status).toBe(200)
    }
    for (const host of ['[::2]', '0.0.0.0', '[::]', '[::1].evil.example', '[::1', 'localhost.']) {
      const answer = await call(port, '/poll', { headers: [`Host: ${host}`] })
      expect(refusalOf(answer)).toEqual({ status: 403, code: 'foreign-host' })
    }
  })

  it.each(['PROPFIND', 'M-SEARCH', 'SOURCE', 'BIND', 'TRACE'])(
    'with the method %s is told the methods',
    async method => {
      const answer = await call(port, '/poll', { method })
      expect(refusalOf(answer)).toEqual({ status: 405, code: 'method-not-allowed' })
      expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    },
  )

  it.each(['ZEBRA', 'get', 'PRI'])(
    'with the unknown method %s is refused and its connection closed',
    async method => {
      const answer = await call(port, '/poll', { method })
      expect(refusalOf(answer)).toEqual({ status: 400, code: 'bad-request' })
      expect(answer.closed).toBe(true)
    },
  )

  it('is refused by its head before its body has arrived', async () => {
    const length = 'Content-Length: 20'
    const decided: [string, string[], number][] = [
      ['DELETE /poll', [JSON_TYPE, length], 405],
      ['POST /say', ['Content-Type: text/plain', length], 415],
      ['POST /say', [JSON_TYPE, length, 'Origin: http://evil.example'], 403],
      ['POST /zebra', [JSON_TYPE, length], 404],
      ['POST /say', [JSON_TYPE, 'Content-Length: 2000'], 413],
      ['POST /say?zebra', ['Content-Type: text/plain', 'Transfer-Encoding: chunked'], 415],
    ]
    for (const [call, headers, status] of decided) {
      const raw = await lab.open(port)
      const lines = [`${call} HTTP/1.1`, `Host: ${hostOf(port)}`, 'Expect: 100-continue', ...headers]
      raw.send(`${lines.join('\r\n')}\r\n\r\n`)
      await raw.until(({ closed }) => closed)
      expect(raw.received.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(readAnswers(raw.received, true).map(refusalOf)).toMatchObject([{ status }])
    }
  })

  it('that waits for 100 gets it when its body is needed, and keeps its connection', async () => {
    const raw = await lab.open(port)
    raw.send(
      `POST /say HTTP/1.1\r\nHost: ${hostOf(port)}\r\n${JSON_TYPE}\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n`,
    )
    await raw.until(({ received }) => received.toString() === 'HTTP/1.1 100 Continue\r\n\r\n')
    raw.send('"hi"')
    await raw.until(({ received }) => readAnswers(received).length === 1)
    raw.send(request(lab[port], '/poll'))
    await raw.until(({ received }) => readAnswers(received).length === 2)
    expect(readAnswers(raw.received).map(({ status }) => status)).toEqual([201, 200])
    for (const witness of lab.witnesses)
      await witness.until(({ texts }) => texts.at(-1)?.includes('"hi"') === true)
  })

  it('with an unknown expectation is refused with 417', async () => {
    const answer = await call(port, '/poll', { headers: ['Expect: 200-ok'] })
    expect(refusalOf(answer)).toEqual({ status: 417, code: 'bad-expectation' })
  })
})

describe('OPTIONS', () => {
  it('about the server as a whole lists the methods, in either form (RFC 9112 §3.2.4)', async () => {
    for (const target of ['*', lab.origin, `${lab.origin}/poll`]) {
      const answer = await send('origin', `OPTIONS ${target} HTTP/1.1`, `Host: ${hostOf('origin')}`)
      expect(answer.status).toBe(204)
      expect(answer.headers.get('allow')).toMatch(/GET, HEAD/)
    }
  })

  it('has * for itself', async () => {
    expect(refusalOf(await call('origin', '*')).status).toBe(400)
    expect(refusalOf(await call('origin', '/*', { method: 'GET' })).status).toBe(404)
  })
})

describe('HEAD', () => {
  it.each([
    '/api/health',
    '/api/stats',
    '/api/clock',
    '/api/source',
    '/api/link',
    '/api/results',
    '/poll',
    '/long-poll',
    '/sse',
  ])('of %s has the headers of GET, and nothing else', async path => {
    const head = await lab.open()
    head.send(request(lab.origin, path, { method: 'HEAD', headers: ['Connection: close'] }))
    await head.until(({ closed }) => closed)
    const text = head.received.toString()
    expect(text).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n$/s)
    const get = await lab.open()
    get.send(request(lab.origin, path, { headers: ['Connection: close'] }))
    await get.until(({ received }) => received.includes('\r\n\r\n'))
    expect(namesIn(text)).toEqual(namesIn(get.received.toString()))
  })

  it('is never held', async () => {
    const here = `${lab.lab.log.epoch}-${lab.lab.log.top}`
    const raw = await lab.open()
    raw.send(request(lab.origin, `/long-poll?cursor=${here}`, { method: 'HEAD' }))
    await raw.until(({ received }) => received.includes('\r\n\r\n'))
  })

  it('of a missing or forbidden address is refused like GET', async () => {
    const status = async (path: string) => {
      const raw = await lab.open()
      raw.send(request(lab.origin, path, { method: 'HEAD' }))
      await raw.until(({ received }) => received.includes('\r\n\r\n'))
      return Number(raw.received.toString().split(' ')[1])
    }
    expect(await status('/api/results/none')).toBe(404)
    expect(await status('/zebra')).toBe(404)
    expect(await status('/api/events')).toBe(405)
    expect(await status('/api/stats?zebra=1')).toBe(400)
  })
})

describe('by the link', () => {
  it.each(['/', '/results', '/api/health', '/%61pi/stats', '/api/results', '/zebra', '/control', '//poll'])(
    'there is nothing at %s, also for a WebSocket',
    async path => {
      const upgrade = [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ]
      for (const headers of [[], upgrade]) {
        const answer = await call('linkOrigin', path, { headers })
        expect(refusalOf(answer)).toEqual({ status: 404, code: 'not-on-this-link' })
      }
    },
  )

  it('serves the endpoints like the page’s port, however their address is written', async () => {
    for (const path of ['/poll', '/%70oll', '/pol%6C?cursor=now']) {
      for (const port of PORTS) expect((await call(port, path)).status).toBe(200)
    }
  })
})

describe('another site', () => {
  const CROSS = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: empty']
  const LINK = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']
  const IMAGE = ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image']

  it.each(['/api/stats', '/%61pi/stats', '/api/%73tats', '/poll', '/%70oll', '/%73se', '/control', '/%77s'])(
    'gets nothing from %s, by a link, a script or an image',
    async path => {
      for (const headers of [CROSS, LINK, IMAGE]) {
        expect(refusalOf(await call('origin', path, { headers }))).toEqual({
          status: 403,
          code: 'stray-request',
        })
      }
    },
  )

  it('may link to a page that is not there', async () => {
    expect(refusalOf(await call('origin', '/zebra', { headers: LINK }))).toEqual({
      status: 404,
      code: 'not-found',
    })
  })
})

describe('a client that must identify itself', () => {
  const burst = (authorization: string[]) =>
    call('origin', '/api/burst', {
      method: 'POST',
      headers: [JSON_TYPE, ...authorization],
      body: '{"count":1}',
    })

  it('is told how (RFC 9110 §11.6.1)', async () => {
    const without = await burst([])
    expect(refusalOf(without)).toEqual({ status: 401, code: 'no-token' })
    expect(without.headers.get('www-authenticate')).toBe('Bearer realm="push-lab"')
    const wrong = await burst(['Authorization: Bearer zebra'])
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="push-lab", error="invalid_token"')
  })

  it.each(['Bearer', 'bearer', 'BEARER'])(
    'may write the scheme as %s, and the token in one way',
    async scheme => {
      expect((await burst([`Authorization: ${scheme}  ${TOKEN}`])).status).toBe(200)
      expect((await burst([`Authorization: ${scheme} ${TOKEN.toUpperCase()}`])).status).toBe(401)
    },
  )

  it('is answered before its body has arrived', async () => {
    const head = ['Content-Length: 11', 'Expect: 100-continue', JSON_TYPE]
    const answer = await send('origin', 'POST /api/burst HTTP/1.1', `Host: ${hostOf('origin')}`, ...head)
    expect(refusalOf(answer).status).toBe(401)
  })
})

describe('a WebSocket’s endpoint', () => {
  it.each(['/ws', '/control'])(
    'asked without an upgrade, %s says which one (RFC 9110 §15.5.22)',
    async path => {
      const kept = await call('origin', path)
      expect(refusalOf(kept)).toEqual({ status: 426, code: 'upgrade-required' })
      expect(kept.headers.get('upgrade')).toBe('websocket')
      expect(kept.headers.get('connection')).toBe('upgrade')
      expect(kept.closed).toBe(false)
      const ended = await call('origin', path, { headers: ['Connection: close'] })
      expect(ended.headers.get('connection')).toBe('close, upgrade')
    },
  )
})

describe('a query', () => {
  const ADDED = '_=1&t=2&ts=3&cb=4&cb=5&lastEventId='
  const READ = [
    '/poll',
    '/long-poll',
    '/api/health',
    '/api/stats',
    '/api/clock',
    '/api/source',
    '/api/results',
  ]

  it.each([...READ, '/sse'])('may have the keys that clients add by themselves: %s', async path => {
    const raw = await lab.open()
    raw.send(request(lab.origin, `${path}?${ADDED}`))
    await raw.until(({ received }) => received.includes('\r\n\r\n'))
    expect(raw.received.toString()).toMatch(/^HTTP\/1\.1 200 /)
  })

  it.each([...READ, '/sse', '/api/results/none', '/api/results/none/run.json', '/api/link'])(
    'with any other key is refused with the known ones: %s',
    async path => {
      const answer = await call('origin', `${path}?${ADDED}&zebra=1`)
      expect(refusalOf(answer)).toEqual({ status: 400, code: 'bad-query' })
      expect(JSON.parse(answer.body).error).toMatch(/known are: (cursor, client(, wait)?|none)\.$/)
    },
  )

  it.each([
    ['POST', '/api/kill?technique=sse', '{}'],
    ['POST', '/api/kill?zebra', '{"technique":"sse"}'],
    ['POST', '/api/reset?zebra', '{}'],
    ['POST', '/api/burst?count=1', '{"count":1}'],
    ['POST', '/api/events?type=a', '{"type":"a","data":1}'],
    ['PUT', '/api/source?rate=1', '{"rate":1}'],
    ['PUT', '/api/link?delayMs=1', '{"delayMs":1}'],
    ['POST', '/say?say=1', '1'],
  ])('of a command must be empty: %s %s', async (method, path, body) => {
    const headers = [JSON_TYPE, `Authorization: Bearer ${TOKEN}`]
    const answer = await call('origin', path, { method, headers, body })
    expect(refusalOf(answer)).toEqual({ status: 400, code: 'bad-query' })
  })
})

describe('the body of a reset', () => {
  const reset = (body: string, ...headers: string[]) =>
    call('origin', '/api/reset', {
      method: 'POST',
      headers: [`Authorization: Bearer ${TOKEN}`, ...headers],
      body,
    })

  it('is {} or nothing', async () => {
    expect((await reset('{}', JSON_TYPE)).status).toBe(200)
    expect((await reset('')).status).toBe(200)
    for (const body of ['null', '[]', '1', '"all"', '{"zebra":1}', '{"log":true}']) {
      expect(refusalOf(await reset(body, JSON_TYPE))).toEqual({ status: 400, code: 'bad-body' })
    }
  })
})

describe('the place of an event stream', () => {
  const hello = async (query: string, ...headers: string[]): Promise<RawAnswer['body']> => {
    const raw = await lab.open()
    raw.send(request(lab.origin, `/sse?${query}`, { headers }))
    await raw.until(({ received }) => /"cursor":"[^"]+"/.test(received.toString()))
    return /"cursor":"([^"]+)"/.exec(raw.received.toString())?.[1] ?? ''
  }
  const at = (seq: number) => `${lab.lab.log.epoch}-${seq}`
  const now = () => at(lab.lab.log.top)

  it('comes from the header, else from lastEventId, else from the cursor, else it is now', async () => {
    expect(await hello(`lastEventId=${at(1)}&cursor=${at(2)}`, `Last-Event-ID: ${at(0)}`)).toBe(at(0))
    expect(await hello(`lastEventId=${at(1)}&cursor=${at(2)}`)).toBe(at(1))
    expect(await hello(`cursor=${at(2)}`)).toBe(at(2))
    expect(await hello('')).toBe(now())
  })

  it('is not in an empty header, nor in an empty lastEventId', async () => {
    expect(await hello('', 'Last-Event-ID:')).toBe(now())
    expect(await hello(`cursor=${at(1)}`, 'Last-Event-ID: ')).toBe(at(1))
    expect(await hello(`lastEventId=${at(1)}`, 'Last-Event-ID: ')).toBe(at(1))
    expect(await hello(`lastEventId=&cursor=${at(1)}`)).toBe(at(1))
  })

  it.each(['lastEventId=zebra', `lastEventId=now&lastEventId=now`, 'lastEventId=&cursor='])(
    'is refused where it is none: %s',
    async query => {
      expect(refusalOf(await call('origin', `/sse?${query}`))).toEqual({ status: 400, code: 'bad-cursor' })
    },
  )
})

describe('the head of a request', () => {
  it('may have 18 KB of cookies, and not 20', async () => {
    const cookies = (bytes: number) => [`Cookie: other=${'x'.repeat(bytes)}`]
    for (const port of PORTS) {
      expect((await call(port, '/poll', { headers: cookies(18_432) })).status).toBe(200)
      const answer = await call(port, '/poll', { headers: cookies(20_000) })
      expect(refusalOf(answer)).toEqual({ status: 431, code: 'head-too-large' })
      expect(answer.body).toMatch(/cookies/)
    }
  })
})

function namesIn(head: string): string[] {
  const lines = head.slice(0, head.indexOf('\r\n\r\n')).split('\r\n').slice(1)
  return lines.map(line => line.split(':')[0]?.toLowerCase() ?? '').sort()
}
