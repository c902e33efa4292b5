import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { exchange, type RawAnswer, readAnswer, refusalOf, request } from '../../testing/raw-socket.ts'
import { startWitnessedLab, type WitnessedLab } from '../../testing/witnessed-lab.ts'

let lab: WitnessedLab

beforeAll(async () => {
  lab = await startWitnessedLab({ policy: { sayBurst: 20, sayPerSecond: 0.01 } })
})
afterEach(() => lab.expectUnharmed())
afterAll(() => lab.stop())

const JSON_TYPE = 'Content-Type: application/json'
const EVENT = '{"type":"zebra","data":1}'

interface BadCommand {
  readonly row: number
  readonly what: string
  /** `POST /api/events` if not given. */
  readonly call?: string
  readonly headers?: readonly string[]
  readonly body?: string
  readonly status: number
  readonly code: string
}

const publish = (row: number, what: string, body: string): BadCommand => ({
  row,
  what,
  body,
  status: 400,
  code: 'bad-body',
})
const notJson = { status: 415, code: 'not-json' } as const
const badJson = { status: 400, code: 'bad-json' } as const
const badBody = { status: 400, code: 'bad-body' } as const
const COUNTS = [
  '0',
  '-1',
  '1.5',
  '10001',
  '"5"',
  'null',
  '[5]',
  'true',
  '1e309',
  '-1e309',
  '9007199254740993',
]
const RATES = ['-1', '100001', '1e309', '"2"', 'null']

const BAD_COMMANDS: readonly BadCommand[] = [
  {
    row: 7,
    what: 'a foreign Origin',
    headers: ['Origin: http://evil.example'],
    status: 403,
    code: 'foreign-origin',
  },
  {
    row: 7,
    what: "another site's form",
    headers: ['Sec-Fetch-Site: cross-site'],
    status: 403,
    code: 'stray-request',
  },
  { row: 8, what: 'an Origin that hides', headers: ['Origin: null'], status: 403, code: 'foreign-origin' },
  { row: 9, what: 'JSON as text/plain', headers: ['Content-Type: text/plain'], ...notJson },
  { row: 9, what: 'JSON without a type', headers: [], ...notJson },
  {
    row: 9,
    what: 'JSON as something like JSON',
    headers: ['Content-Type: application/jsonzebra'],
    ...notJson,
  },
  {
    row: 10,
    what: 'a form',
    headers: ['Content-Type: application/x-www-form-urlencoded'],
    body: 'type=zebra&data=1',
    ...notJson,
  },
  {
    row: 10,
    what: 'a form of parts',
    headers: ['Content-Type: multipart/form-data; boundary=x'],
    ...notJson,
  },
  {
    row: 11,
    what: 'a gzip body',
    headers: [JSON_TYPE, 'Content-Encoding: gzip'],
    body: '\x1f\x8b\x08',
    ...notJson,
  },
  {
    row: 12,
    what: 'a foreign Host',
    headers: ['Host: evil.example', JSON_TYPE],
    status: 403,
    code: 'foreign-host',
  },
  { row: 13, what: 'half a JSON', body: '{"type":"zebra"', ...badJson },
  { row: 13, what: 'JSON with something behind it', body: `${EVENT}]`, ...badJson },
  { row: 13, what: 'JSON with a comment', body: `${EVENT}//zebra`, ...badJson },
  { row: 13, what: 'JSON with single quotes', body: "{'type':'zebra','data':1}", ...badJson },
  {
    row: 13,
    what: 'JSON in another charset',
    headers: ['Content-Type: application/json; charset=iso-8859-1'],
    ...badJson,
  },
  { row: 14, what: 'nothing', headers: [JSON_TYPE, 'Content-Length: 0'], body: '', ...badJson },
  { row: 14, what: 'only white space', body: ' \n', ...badJson },
  {
    row: 15,
    what: 'more than 65 KiB',
    body: `{"type":"zebra","data":"${'x'.repeat(66_600)}"}`,
    status: 413,
    code: 'too-large',
  },
  {
    row: 15,
    what: 'data of 64 KiB and a byte',
    body: `{"type":"a","data":"${'x'.repeat(65_535)}"}`,
    status: 413,
    code: 'data-too-large',
  },
  {
    row: 15,
    what: 'more than 16 KiB',
    call: 'PUT /api/source',
    body: `{"kind":"${'x'.repeat(16_384)}"}`,
    status: 413,
    code: 'too-large',
  },
  {
    row: 15,
    what: 'more than 1 KiB',
    call: 'POST /say',
    body: `"${'x'.repeat(1023)}"`,
    status: 413,
    code: 'too-large',
  },
  { row: 17, what: '__proto__', body: '{"type":"zebra","data":1,"__proto__":{"x":1}}', ...badJson },
  {
    row: 17,
    what: '__proto__ in the data',
    body: '{"type":"zebra","data":[{"__proto__":{"x":1}}]}',
    ...badJson,
  },
  {
    row: 17,
    what: '__proto__ in escapes',
    body: '{"type":"zebra","data":{"\\u005f_proto__":1}}',
    ...badJson,
  },
  { row: 17, what: '__proto__', call: 'POST /say', body: '{"__proto__":{"x":1}}', ...badJson },
  {
    row: 18,
    what: 'constructor.prototype',
    body: '{"type":"zebra","data":{"constructor":{"prototype":{"x":1}}}}',
    ...badJson,
  },
  publish(19, 'an extra key', '{"type":"zebra","data":1,"seq":9}'),
  publish(19, 'an instant of its own', '{"type":"zebra","data":1,"at":9}'),
  publish(20, 'a type that is a number', '{"type":1,"data":1}'),
  publish(20, 'a type that is a list', '{"type":["zebra"],"data":1}'),
  publish(20, 'no type', '{"data":1}'),
  publish(20, 'no data', '{"type":"zebra"}'),
  ...['[]', 'null', '1', '"zebra"', 'true', `[${EVENT}]`].map(body => publish(20, `the body ${body}`, body)),
  ...['NaN', 'Infinity', '-Infinity', '0x10', '01', '+1', '1.', '.5'].map(count => ({
    row: 22,
    what: `the count ${count}`,
    call: 'POST /api/burst',
    body: `{"count":${count}}`,
    ...badJson,
  })),
  ...['1e309', '-1e309', '12345678901234567890', '9'.repeat(10_000)].flatMap(number =>
    [['POST /api/events', `{"type":"zebra","data":[${number}]}`] as const, ['POST /say', number] as const]
      .filter(([, body]) => body.length < 1024)
      .map(([call, body]) => ({
        row: 22,
        what: `a number that no double holds, of ${number.length} characters,`,
        call,
        body,
        status: 400,
        code: 'bad-data',
      })),
  ),
  ...COUNTS.map(count => ({
    row: 23,
    what: `the count ${count}`,
    call: 'POST /api/burst',
    body: `{"count":${count}}`,
    ...badBody,
  })),
  ...RATES.map(rate => ({
    row: 23,
    what: `the rate ${rate}`,
    call: 'PUT /api/source',
    body: `{"rate":${rate}}`,
    ...badBody,
  })),
  ...['{"payloadBytes":0}', '{"payloadBytes":65537}', '{"kind":"kafka"}', '{"file":"/etc/passwd"}', '[]'].map(
    body => ({
      row: 23,
      what: `the source ${body}`,
      call: 'PUT /api/source',
      body,
      ...badBody,
    }),
  ),
  ...['"zebra"', '"*"', '".*"', '"SSE"', '""', '"__proto__"', 'null', '["sse"]', '{"$ne":""}'].map(
    technique => ({
      row: 26,
      what: `the technique ${technique}`,
      call: 'POST /api/kill',
      body: `{"technique":${technique}}`,
      ...badBody,
    }),
  ),
  ...[
    '{"delayMs":20,"jitterMs":1001}',
    '{"delayMs":-1}',
    '{"delayMs":2001}',
    '{"delayMs":"20"}',
    '{"delayMs":20,"bytesPerSecond":99}',
    '{"delayMs":20,"sliceBytes":1.5}',
    '{"delayMs":20,"refuseStatus":200}',
    '{"delayMs":20,"buffer":{"bytes":0}}',
    '{"delayMs":20,"buffer":{"bytes":1,"zebra":1}}',
    '{"delayMs":20,"idleTimeoutMs":999}',
    '{"delayMs":20,"blackhole":1}',
    '{"delayMs":20,"target":"evil.example"}',
  ].map(body => ({ row: 27, what: `the link ${body}`, call: 'PUT /api/link', body, ...badBody })),
  {
    row: 30,
    what: 'a key of 65 characters',
    headers: [JSON_TYPE, `Idempotency-Key: ${'k'.repeat(65)}`],
    status: 400,
    code: 'bad-headers',
  },
  {
    row: 30,
    what: 'an empty key',
    headers: [JSON_TYPE, 'Idempotency-Key:'],
    status: 400,
    code: 'bad-headers',
  },
  {
    row: 30,
    what: 'a key with a space',
    headers: [JSON_TYPE, 'Idempotency-Key: a b'],
    status: 400,
    code: 'bad-headers',
  },
  {
    row: 30,
    what: 'two keys',
    headers: [JSON_TYPE, 'Idempotency-Key: a', 'Idempotency-Key: b'],
    status: 400,
    code: 'bad-headers',
  },
  {
    row: 30,
    what: 'a key with CR',
    headers: [JSON_TYPE, 'Idempotency-Key: a\rb'],
    status: 400,
    code: 'bad-request',
  },
  {
    row: 30,
    what: 'a key with LF',
    headers: [JSON_TYPE, 'Idempotency-Key: a\nb'],
    status: 400,
    code: 'bad-request',
  },
]

describe('C5 commands that are refused', () => {
  it.each(BAD_COMMANDS)('$row: refuses $what with $status, and changes nothing', async row => {
    const { call = 'POST /api/events', headers = [JSON_TYPE], body = EVENT, status, code } = row
    const [method = '', path = ''] = call.split(' ')
    const before = await state()
    const answer = await exchange(lab.origin, request(lab.origin, path, { method, headers, body }))
    expect(refusalOf(answer)).toEqual({ status, code })
    expect(answer.body).not.toMatch(/zebra|evil|kafka|passwd|kkkk|xxxx/)
    expect(await state()).toEqual(before)
    expect('x' in {}).toBe(false)
  })

  it.each(
    [
      'POST /say',
      'POST /api/events',
      'PUT /api/source',
      'PUT /api/link',
      'POST /api/burst',
      'POST /api/kill',
    ].flatMap(call => [
      { call, sent: 'no body', headers: [], body: '' },
      { call, sent: 'a body of no bytes', headers: ['Content-Length: 0'], body: '' },
      {
        call,
        sent: 'JSON of no chunks',
        headers: [JSON_TYPE, 'Transfer-Encoding: chunked'],
        body: '0\r\n\r\n',
      },
      { call, sent: 'JSON of no bytes', headers: [JSON_TYPE, 'Content-Length: 0'], body: '' },
    ]),
  )('14: refuses $call with $sent', async ({ call, headers, body }) => {
    const [method = '', path = ''] = call.split(' ')
    const before = await state()
    const head = request(lab.origin, path, { method, headers })
    const answer = await exchange(lab.origin, head + body)
    expect(refusalOf(answer)).toMatchObject({ status: 400 })
    expect(await state()).toEqual(before)
  })

  it.each(['POST /say', 'POST /api/events', 'POST /api/reset'])(
    '9: refuses a body to %s whose type is none, or not JSON',
    async call => {
      const [method = '', path = ''] = call.split(' ')
      const before = await state()
      for (const type of [[], ['Content-Type: '], ['Content-Type: ;'], ['Content-Type: text/event-stream']]) {
        const answer = await exchange(
          lab.origin,
          request(lab.origin, path, { method, headers: type, body: '{}' }),
        )
        expect(refusalOf(answer)).toMatchObject({ status: 415, code: 'not-json' })
      }
      expect(await state()).toEqual(before)
    },
  )

  it('16: limits the wait for a body that never ends', async () => {
    const impatient = await startWitnessedLab({
      policy: { requestMs: 300, headersMs: 300, checkEveryMs: 50 },
    })
    const raw = await impatient.open()
    raw.send(
      request(impatient.origin, '/api/events', {
        method: 'POST',
        headers: [JSON_TYPE, 'Transfer-Encoding: chunked'],
      }),
    )
    const dripping = setInterval(() => raw.send('1\r\n \r\n'), 20)
    await raw.until(({ closed }) => closed)
    clearInterval(dripping)
    const answer = readAnswer(raw.received)
    expect(answer && refusalOf(answer)).toEqual({ status: 408, code: 'too-late' })
    await impatient.expectUnharmed()
    await impatient.stop()
  })

  it('16: limits the wait for a head that never ends', async () => {
    const impatient = await startWitnessedLab({
      policy: { requestMs: 300, headersMs: 300, checkEveryMs: 50 },
    })
    const raw = await impatient.open()
    raw.send('GET /poll HTTP/1.1\r\n')
    const dripping = setInterval(() => raw.send('a: b\r\n'), 20)
    await raw.until(({ closed }) => closed)
    clearInterval(dripping)
    const answer = readAnswer(raw.received)
    expect(answer && refusalOf(answer)).toEqual({ status: 408, code: 'too-late' })
    await impatient.expectUnharmed()
    await impatient.stop()
  })

  it('6: has no commands on the link', async () => {
    for (const path of ['/api/events', '/api/kill', '/api/burst', '/api/reset']) {
      const parts = { method: 'POST', headers: [JSON_TYPE], body: EVENT }
      const answer = await exchange(lab.linkOrigin, request(lab.linkOrigin, path, parts))
      expect(answer.status).toBe(404)
    }
  })
})

describe('C5 commands that are accepted', () => {
  it.each([
    {
      row: 15,
      what: 'data of 64 KiB',
      body: `{"type":"a","data":"${'x'.repeat(65_534)}"}`,
      data: 'x'.repeat(65_534),
    },
    {
      row: 21,
      what: 'a key twice, the last of which counts',
      body: '{"type":"a","data":1,"data":2}',
      data: 2,
    },
    {
      row: 25,
      what: 'a script',
      body: '{"type":"a","data":"<script>alert(1)</script>"}',
      data: '<script>alert(1)</script>',
    },
  ])('$row: publishes $what', async ({ body, data }) => {
    const answer = await exchange(
      lab.origin,
      request(lab.origin, '/api/events', { method: 'POST', headers: [JSON_TYPE], body }),
    )
    expect(answer.status).toBe(201)
    expect((await newest()).data).toEqual(data)
  })

  it('20: publishes or refuses data nested as deep as fits, without an error of its own', async () => {
    for (const depth of [100, 1000, 10_000, 30_000]) {
      const body = `{"type":"a","data":${'['.repeat(depth)}${']'.repeat(depth)}}`
      const answer = await exchange(
        lab.origin,
        request(lab.origin, '/api/events', {
          method: 'POST',
          headers: [JSON_TYPE, 'Idempotency-Key: deep'],
          body,
        }),
      )
      expect([201, 400, 409]).toContain(answer.status)
    }
  })

  it.each([
    { row: 24, what: 'bidi overrides', text: '\u202eabc\u202c' },
    { row: 24, what: 'zero-width characters', text: 'a\u200b\u200d\ufeffb' },
    { row: 24, what: 'control characters', text: 'a\u0000\u0007\u001b[31m\u0085b' },
    { row: 25, what: 'a script', text: '<script>alert(1)</script>' },
    { row: 25, what: 'an image that fails', text: '<img src=x onerror=alert(1)>' },
    { row: 25, what: 'a link that acts', text: 'javascript:alert(1)' },
  ])('$row: publishes $what as it was sent', async ({ text }) => {
    const body = JSON.stringify(text)
    const answer = await say('keeps123', body)
    expect(answer.status).toBe(201)
    expect(await newest()).toMatchObject({ type: 'say', data: text })
  })

  it('28, 29: publishes once for a key, and refuses another event for it', async () => {
    const before = lab.lab.log.top
    const first = await publishWith('once', EVENT)
    expect(first.status).toBe(201)
    expect(await publishWith('once', EVENT)).toEqual(first)
    // The same event in another spelling.
    expect(await publishWith('once', '{ "data": 1, "type": "zebra" }')).toEqual(first)
    expect(await publishWith('once', '{"type":"z\\u0065bra","data":10e-1}')).toEqual(first)
    expect(refusalOf(await publishWith('once', '{"type":"zebra","data":2}'))).toEqual({
      status: 409,
      code: 'key-used',
    })
    expect(lab.lab.log.top).toBe(before + 1)
    expect((await publishWith('k'.repeat(64), EVENT)).status).toBe(201)
    expect((await publishWith('!"#$%&()*+,-./:;<=>?@[]^_`{|}~', EVENT)).status).toBe(201)
  })

  it.each([
    ['{"a":1,"b":[{"c":1,"d":2}]}', '{"b":[{"d":2,"c":1}],"a":1}'],
    ['{"2":1,"1":2,"b":0}', '{"b":0,"1":2,"2":1}'],
    ['{"é":1,"z":{"y":{},"x":null}}', '{"z":{"x":null,"y":{}},"\\u00e9":1.0}'],
  ])('28: takes %s and %s for the same body', async (data, otherwise) => {
    const key = `order-${data.length}`
    const first = await publishWith(key, `{"type":"a","data":${data}}`)
    expect(first.status).toBe(201)
    expect(await publishWith(key, `{"data":${otherwise},"type":"a"}`)).toEqual(first)
  })

  it.each([
    ['[1,2]', '[2,1]'],
    ['{"0":1}', '[1]'],
    ['{"a":{"b":1}}', '{"a":{"b":"1"}}'],
    ['{}', '[]'],
  ])('29: takes %s and %s for two bodies', async (data, other) => {
    const key = `other-${data}`.replaceAll('"', '')
    expect((await publishWith(key, `{"type":"a","data":${data}}`)).status).toBe(201)
    expect(refusalOf(await publishWith(key, `{"type":"a","data":${other}}`))).toEqual({
      status: 409,
      code: 'key-used',
    })
  })

  it('28: compares bodies nested as deep as the log takes them', async () => {
    const body = `{"type":"a","data":${'[{"a":'.repeat(1000)}1${'}]'.repeat(1000)}}`
    const first = await publishWith('depths', body)
    expect(first.status).toBe(201)
    expect(await publishWith('depths', ` ${body}`)).toEqual(first)
  })

  it('31: accepts 20 messages at once, and more only after a while', async () => {
    const answers: RawAnswer[] = []
    for (let n = 0; n < 100; n += 1) answers.push(await say('hasty123', '"hello"'))
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 20 }, () => 201),
      ...Array.from({ length: 80 }, () => 429),
    ])
    const last = answers.at(-1)
    expect(last && refusalOf(last)).toEqual({ status: 429, code: 'say-too-often' })
    expect(last?.headers.get('retry-after')).toMatch(/^\d+$/)
    expect((await say('calm1234', '"hello"')).status).toBe(201)
  })
})

describe('C5 the token', () => {
  let guarded: WitnessedLab

  beforeAll(async () => {
    guarded = await startWitnessedLab({ token: 'k3f9x2ab7qk3f9x2ab7q' })
  })
  afterEach(() => guarded.expectUnharmed())
  afterAll(() => guarded.stop())

  it.each([
    { row: 1, what: 'no token', headers: [] },
    { row: 2, what: 'a wrong token', headers: ['Authorization: Bearer wrong'] },
    { row: 2, what: 'a part of the token', headers: ['Authorization: Bearer k3f9x2ab7q'] },
    { row: 2, what: 'the token and more', headers: ['Authorization: Bearer k3f9x2ab7qk3f9x2ab7q1'] },
    { row: 2, what: 'the token in capitals', headers: ['Authorization: Bearer K3F9X2AB7QK3F9X2AB7Q'] },
    { row: 3, what: 'a token of an earlier start', headers: ['Authorization: Bearer 9x2ab7qk3f9x2ab7qk3f'] },
    { row: 4, what: 'the token in the query', headers: [], query: '?token=k3f9x2ab7qk3f9x2ab7q' },
    { row: 4, what: 'the token in a cookie', headers: ['Cookie: token=k3f9x2ab7qk3f9x2ab7q'] },
    { row: 5, what: 'an empty token', headers: ['Authorization: Bearer '] },
    {
      row: 5,
      what: 'the token under another scheme',
      headers: ['Authorization: Basic k3f9x2ab7qk3f9x2ab7q'],
    },
  ])('$row: refuses $what with 401', async ({ headers, query = '' }) => {
    const { top } = guarded.lab.log
    for (const path of ['/api/events', '/api/kill', '/api/reset', '/api/burst']) {
      const parts = {
        method: 'POST',
        headers: [JSON_TYPE, ...headers],
        body: path === '/api/events' ? EVENT : '{}',
      }
      const answer = await exchange(guarded.origin, request(guarded.origin, `${path}${query}`, parts))
      expect(refusalOf(answer)).toEqual({ status: 401, code: 'no-token' })
      expect(answer.body).not.toContain('k3f9')
    }
    expect(guarded.lab.log.top).toBe(top)
  })

  it('appears in no output, whether right or wrong', async () => {
    const written: unknown[] = []
    const spies = [process.stdout, process.stderr].map(stream =>
      vi.spyOn(stream, 'write').mockImplementation(chunk => {
        written.push(chunk)
        return true
      }),
    )
    for (const token of ['k3f9x2ab7qk3f9x2ab7q', 'k3f9wrong']) {
      const headers = [JSON_TYPE, `Authorization: Bearer ${token}`]
      const parts = { method: 'POST', headers, body: EVENT }
      await exchange(guarded.origin, request(guarded.origin, '/api/events', parts))
      await exchange(guarded.origin, request(guarded.origin, '/api/events', { ...parts, body: '{' }))
      await exchange(guarded.origin, request(guarded.origin, `/%zz?token=${token}`, parts))
    }
    for (const spy of spies) spy.mockRestore()
    expect(written.join('')).not.toContain('k3f9')
  })
})

/** Everything that a command could change. */
async function state() {
  const read = async (path: string) =>
    JSON.parse((await exchange(lab.origin, request(lab.origin, path))).body)
  return { top: lab.lab.log.top, source: await read('/api/source'), link: await read('/api/link') }
}

async function newest(): Promise<{ type: string; data: unknown }> {
  const { epoch, top } = lab.lab.log
  const answer = await exchange(lab.origin, request(lab.origin, `/poll?cursor=${epoch}-${top - 1}`))
  return JSON.parse(answer.body).events[0]
}

function say(client: string, body: string) {
  return exchange(
    lab.origin,
    request(lab.origin, `/say?client=${client}`, { method: 'POST', headers: [JSON_TYPE], body }),
  )
}

/** The answer without its `Date`. */
async function publishWith(key: string, body: string) {
  const headers = [JSON_TYPE, `Idempotency-Key: ${key}`]
  const answer = await exchange(
    lab.origin,
    request(lab.origin, '/api/events', { method: 'POST', headers, body }),
  )
  return { ...answer, headers: new Map([...answer.headers].filter(([name]) => name !== 'date')) }
}
