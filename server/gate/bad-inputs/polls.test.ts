import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { exchange, readAnswer, readAnswers, refusalOf, request } from '../../testing/raw-socket.ts'
import { startWitnessedLab, type WitnessedLab } from '../../testing/witnessed-lab.ts'

let lab: WitnessedLab

beforeAll(async () => {
  lab = await startWitnessedLab()
})
afterEach(() => lab.expectUnharmed())
afterAll(() => lab.stop())

/** Stands for the cursor of a reader that has everything, and would be held. */
const TOP = 'TOP'

interface BadPoll {
  readonly row: number
  readonly what: string
  readonly path: string
  readonly headers?: readonly string[]
  readonly status: number
  readonly code: string
}

const BAD_POLLS: readonly BadPoll[] = [
  ...[
    { row: 1, wait: '-1' },
    { row: 2, wait: '56' },
    { row: 3, wait: '1e9' },
    { row: 4, wait: 'NaN' },
    { row: 5, wait: '' },
    { row: 6, wait: '5;6' },
    { row: 7, wait: '5.5' },
    { row: 8, wait: '5&wait=6' },
    { row: 8, wait: '05' },
    { row: 8, wait: '%205' },
  ].map(({ row, wait }) => ({
    row,
    what: `wait=${wait}`,
    path: `/long-poll?cursor=TOP&wait=${wait}`,
    status: 400,
    code: 'bad-query',
  })),
  { row: 18, what: 'an unknown key', path: '/poll?cursor=now&zebra=1', status: 400, code: 'bad-query' },
  { row: 18, what: 'a wait that is not held', path: '/poll?wait=5', status: 400, code: 'bad-query' },
  { row: 18, what: 'a key named __proto__', path: '/poll?__proto__=1', status: 400, code: 'bad-query' },
  { row: 36, what: 'a key of 1 KiB', path: `/poll?${'zebra'.repeat(205)}=1`, status: 400, code: 'bad-query' },
  ...['image/png', 'text/html, text/*;q=0.9', 'application/json;q=0', '*/*;q=0', 'zebra'].map(accept => ({
    row: 26,
    what: `Accept: ${accept}`,
    path: '/long-poll?cursor=TOP',
    headers: [`Accept: ${accept}`],
    status: 406,
    code: 'not-acceptable',
  })),
]

describe('C2 polls that are refused', () => {
  it.each(BAD_POLLS)('$row: refuses $what with $status', async ({ path, headers = [], status, code }) => {
    const answer = await exchange(lab.origin, request(lab.origin, placed(path), { headers }))
    expect(refusalOf(answer)).toEqual({ status, code })
    expect(answer.body).not.toContain('zebra')
  })

  it('18: names the known keys', async () => {
    const { body } = await exchange(lab.origin, request(lab.origin, '/long-poll?zebra=1'))
    expect(body).toContain('cursor, client, wait')
  })

  it.each(['/poll', '/long-poll?cursor=TOP'])('28: refuses a body of 1 MiB for %s, unread', async path => {
    const raw = await lab.open()
    raw.send(request(lab.origin, placed(path), { headers: [`Content-Length: ${2 ** 20}`] }))
    await raw.until(({ received }) => readAnswer(received) !== null)
    const answer = readAnswer(raw.received)
    expect(answer && refusalOf(answer)).toEqual({ status: 413, code: 'too-large' })
    raw.send(Buffer.alloc(2 ** 20, 'zebra'))
    await raw.until(({ closed }) => closed)
    expect(readAnswers(raw.received)).toHaveLength(1)
  })
})

interface GoodPoll {
  readonly row: number
  readonly what: string
  readonly path: string
  readonly headers?: readonly string[]
  readonly status: number
  readonly answered?: Readonly<Record<string, string>>
}

const FOREIGN = '"aaaaaaaaaa-7"'
const GOOD_POLLS: readonly GoodPoll[] = [
  { row: 9, what: 'wait=0', path: '/long-poll?cursor=TOP&wait=0', status: 200 },
  ...['abc', 'wait', 'wait=', 'wait=-5', 'wait=5x', 'await=9', 'wait=1234567890123'].map(prefer => ({
    row: 11,
    what: `Prefer: ${prefer}, beside a query`,
    path: '/long-poll?cursor=TOP&wait=0',
    headers: [`Prefer: ${prefer}`],
    status: 200,
  })),
  { row: 19, what: 'any tag', path: '/poll?cursor=TOP', headers: ['If-None-Match: *'], status: 200 },
  { row: 20, what: 'a weak tag', path: '/poll?cursor=TOP', headers: ['If-None-Match: W/"TOP"'], status: 304 },
  { row: 20, what: 'a strong tag', path: '/poll?cursor=TOP', headers: ['If-None-Match: "TOP"'], status: 304 },
  ...['TOP', '"TOP', 'w/"TOP"', '"', '""', '"TOP"x', ', ,'].map(tag => ({
    row: 21,
    what: `the malformed tag ${tag}`,
    path: '/poll?cursor=TOP',
    headers: [`If-None-Match: ${tag}`],
    status: 200,
  })),
  {
    row: 22,
    what: 'a list of tags with the right one',
    path: '/poll?cursor=TOP',
    headers: [`If-None-Match: ${FOREIGN}, W/"x", "TOP"`],
    status: 304,
  },
  {
    row: 22,
    what: 'tags in two headers',
    path: '/poll?cursor=TOP',
    headers: [`If-None-Match: ${FOREIGN}`, 'If-None-Match: "TOP"'],
    status: 304,
  },
  {
    row: 23,
    what: "another epoch's tag",
    path: '/poll?cursor=TOP',
    headers: [`If-None-Match: ${FOREIGN}`],
    status: 200,
  },
  {
    row: 24,
    what: 'If-Modified-Since',
    path: '/poll?cursor=TOP',
    headers: ['If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT'],
    status: 200,
  },
  ...['bytes=0-1', 'bytes=9-', 'zebra'].map(range => ({
    row: 25,
    what: `Range: ${range}`,
    path: '/poll?cursor=earliest',
    headers: [`Range: ${range}`],
    status: 200,
  })),
  ...[
    'application/json',
    'application/*',
    '*/*',
    'text/html, */*;q=0.1',
    'APPLICATION/JSON; charset=utf-8',
  ].map(accept => ({
    row: 26,
    what: `Accept: ${accept}`,
    path: '/poll?cursor=TOP',
    headers: [`Accept: ${accept}`],
    status: 200,
  })),
  ...['*;q=0', 'gzip, br', 'identity;q=0'].map(encoding => ({
    row: 27,
    what: `Accept-Encoding: ${encoding}`,
    path: '/poll?cursor=earliest',
    headers: [`Accept-Encoding: ${encoding}`],
    status: 200,
  })),
]

describe('C2 polls that are answered', () => {
  it.each(GOOD_POLLS)('$row: answers $what with $status', async ({ path, headers = [], status }) => {
    const answer = await exchange(
      lab.origin,
      request(lab.origin, placed(path), { headers: headers.map(placed) }),
    )
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-encoding')).toBeUndefined()
    expect(answer.headers.get('content-range')).toBeUndefined()
    if (status === 200) {
      const batch = JSON.parse(answer.body)
      expect(batch.cursor).toBe(placed(TOP))
      expect(batch.gap).toBeUndefined()
    }
  })

  it.each([
    { row: 10, prefer: 'wait=99999', applied: 'wait=55' },
    { row: 12, prefer: 'wait=5, respond-async', applied: 'wait=5' },
    { row: 12, prefer: 'respond-async, wait="7"', applied: 'wait=7' },
  ])('$row: holds for Prefer: $prefer, and says so', async ({ prefer, applied }) => {
    const raw = await lab.open()
    raw.send(request(lab.origin, placed('/long-poll?cursor=TOP'), { headers: [`Prefer: ${prefer}`] }))
    await heldBeside(1)
    await lab.publish(1)
    await raw.until(({ received }) => readAnswer(received) !== null)
    expect(readAnswer(raw.received)?.headers.get('preference-applied')).toBe(applied)
  })

  it('13: prefers the query to Prefer', async () => {
    const headers = ['Prefer: wait=55']
    const path = placed('/long-poll?cursor=TOP&wait=0')
    const answer = await exchange(lab.origin, request(lab.origin, path, { headers }))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('preference-applied')).toBeUndefined()
  })

  it('23, 40: declares a gap for the cursor of another server, and reveals nothing of it', async () => {
    for (const path of ['/poll?cursor=aaaaaaaaaa-7', '/long-poll?cursor=aaaaaaaaaa-7']) {
      const answer = await exchange(lab.origin, request(lab.origin, path))
      expect(JSON.parse(answer.body).gap).toEqual({ reason: 'epoch', lost: null })
      expect(answer.body).not.toContain('aaaaaaaaaa')
    }
  })

  it.each(['/poll?cursor=TOP', '/long-poll?cursor=TOP'])(
    '29: answers HEAD %s with its head, and holds it not',
    async path => {
      const raw = await lab.open()
      raw.send(request(lab.origin, placed(path), { method: 'HEAD', headers: ['Connection: close'] }))
      await raw.until(({ closed }) => closed)
      expect(raw.received.toString()).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n$/s)
      await raw.leave()
    },
  )

  it('37: answers HTTP/1.0, and closes', async () => {
    const raw = await lab.open()
    raw.send(request(lab.origin, '/poll').replace('HTTP/1.1', 'HTTP/1.0'))
    await raw.until(({ closed }) => closed)
    expect(readAnswer(raw.received)?.status).toBe(200)
    expect(raw.received.toString()).not.toContain('chunked')
  })

  it('38: continues if expected to, and refuses any other expectation at once', async () => {
    const go = await exchange(lab.origin, request(lab.origin, '/poll', { headers: ['Expect: 100-continue'] }))
    expect(go.status).toBe(200)
    const other = await exchange(lab.origin, request(lab.origin, '/poll', { headers: ['Expect: zebra'] }))
    expect(refusalOf(other)).toEqual({ status: 417, code: 'bad-expectation' })
  })

  it.each(['/poll', '/long-poll'])('39: closes %s after the answer when asked to', async path => {
    const answer = await exchange(lab.origin, request(lab.origin, path, { headers: ['Connection: close'] }))
    expect(answer).toMatchObject({ status: 200, closed: true })
  })
})

describe('C2 pollers that misbehave', () => {
  it('30: forgets a reader at once that leaves while held', async () => {
    const raw = await lab.open()
    raw.send(request(lab.origin, placed('/long-poll?cursor=TOP&wait=55')))
    await heldBeside(1)
    await raw.leave()
    await heldBeside(0)
  })

  it('31: forgets a reader that half-closes while held', async () => {
    const raw = await lab.open()
    raw.send(request(lab.origin, placed('/long-poll?cursor=TOP&wait=55')))
    await heldBeside(1)
    raw.socket.end()
    await raw.until(({ closed }) => closed)
    await heldBeside(0)
  })

  it('32: holds ten requests of one reader at a time, and answers all', async () => {
    const raws = await Promise.all(Array.from({ length: 10 }, () => lab.open()))
    for (const raw of raws) raw.send(request(lab.origin, placed('/long-poll?cursor=TOP&client=abcd1234')))
    await heldBeside(10)
    await lab.publish(1)
    for (const raw of raws) {
      await raw.until(({ received }) => readAnswer(received) !== null)
      expect(JSON.parse(readAnswer(raw.received)?.body ?? '').events).toHaveLength(1)
    }
  })

  it('34: answers pipelined requests in their order', async () => {
    const raw = await lab.open()
    const held = request(lab.origin, placed('/long-poll?cursor=TOP'))
    raw.send(held + request(lab.origin, '/poll?zebra=1') + request(lab.origin, '/api/clock'))
    await heldBeside(1)
    await lab.publish(1)
    await raw.until(({ received }) => readAnswers(received).length === 3)
    expect(readAnswers(raw.received).map(({ status }) => status)).toEqual([200, 400, 200])
  })

  it('34: forgets all pipelined requests of a reader that leaves', async () => {
    const raw = await lab.open()
    raw.send(request(lab.origin, placed('/long-poll?cursor=TOP')).repeat(5))
    await heldBeside(5)
    await raw.leave()
    await heldBeside(0)
  })
})

/** Resolves once so many requests are held besides that of the witness. */
async function heldBeside(count: number): Promise<void> {
  await expect
    .poll(() => lab.lab.techniques['long-poll'].readers, { interval: 2, timeout: 5000 })
    .toBe(count + 1)
}

function placed(text: string): string {
  const { epoch, top } = lab.lab.log
  return text.replaceAll(TOP, `${epoch}-${top}`)
}
