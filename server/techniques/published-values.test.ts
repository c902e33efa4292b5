import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type StartedLab, startLab } from '../testing/start-lab.ts'

/** Publishes a JSON text as data. Resolves to the data's text as it is delivered, or to null if it is refused. */
type WayIn = (json: string | Buffer) => Promise<string | null>

const folder = mkdtempSync(join(tmpdir(), 'push-lab-'))
afterAll(() => rmSync(folder, { recursive: true }))

const waysIn: Readonly<Record<string, WayIn>> = {
  'POST /api/events': json =>
    post('/api/events', Buffer.concat([bytes('{"type":"a","data":'), bytes(json), bytes('}')])),
  'POST /say': json => post('/say', bytes(json)),
  WebSocket: json =>
    withLab({}, async ({ origin, lab }) => {
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`)
      const done = new Promise(resolve => {
        socket.once('close', resolve)
        socket.on('message', message => String(message).includes('"said"') && resolve(null))
      })
      socket.on('error', () => {})
      await new Promise(resolve => socket.once('open', resolve))
      socket.send(Buffer.concat([bytes('{"say":'), bytes(json), bytes('}')]), { binary: false })
      await done
      socket.terminate()
      return deliveredBy({ lab })
    }),
  stdin: json => {
    const stdin = new PassThrough()
    let complained = false
    const complain = () => {
      complained = true
    }
    return withLab({ source: { kind: 'stdin', rate: 1, stdin, complain } }, async ({ lab }) => {
      stdin.end(Buffer.concat([bytes(json), bytes('\n')]))
      await expect.poll(() => complained || lab.log.top > 0).toBe(true)
      return deliveredBy({ lab })
    })
  },
  '--file': json => {
    const file = join(folder, 'record.ndjson')
    writeFileSync(file, Buffer.concat([bytes('{"time":1,"type":"a","data":'), bytes(json), bytes('}\n')]))
    return withLab({ source: { kind: 'replay', file, rate: 0 } }, async ({ origin, lab }) => {
      const headers = { 'content-type': 'application/json' }
      await fetch(`${origin}/api/burst`, { method: 'POST', headers, body: '{"count":1}' })
      return deliveredBy({ lab })
    }).catch(error => {
      if (error.name === 'SourceError') return null
      throw error
    })
  },
}

describe.each(Object.entries(waysIn))('what is published by %s', (_name, publish) => {
  it.each(['12345678901234567890', '[9007199254740993]', '{"a":[1e400]}', '-1e-400', '{"__proto__":1}'])(
    'is refused if it is %s',
    async json => expect(await publish(json)).toBeNull(),
  )

  it.each([
    ['9007199254740991', '9007199254740991'],
    ['[0.1,1.50,-3e2]', '[0.1,1.5,-300]'],
    ['"12345678901234567890"', '"12345678901234567890"'],
    ['"\\ud800 \\u00e9 é 🎈"', '"\\ud800 é é 🎈"'],
    ['{"a":1,"a":2}', '{"a":2}'],
    ['"\\ufeff"', '"\ufeff"'],
  ])('is delivered if it is %s', async (json, delivered) => expect(await publish(json)).toBe(delivered))
})

describe.each(['POST /api/events', 'POST /say', 'WebSocket'])('what is published by %s', name => {
  it.each([
    ['a byte of Latin-1', [0x22, 0xe9, 0x22]],
    ['half a character', [0x22, 0xf0, 0x9f, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
  ])('is refused with %s in it', async (_what, given) => {
    expect(await waysIn[name]?.(Buffer.from(given))).toBeNull()
  })
})

it('may begin with a byte order mark', async () => {
  for (const name of ['POST /say', 'stdin']) expect(await waysIn[name]?.('\ufeff[1]')).toBe('[1]')
})

async function post(path: string, body: Buffer): Promise<string | null> {
  return withLab({}, async ({ origin, lab }) => {
    const headers = { 'content-type': 'application/json' }
    const { status } = await fetch(`${origin}${path}`, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    })
    expect([201, 400]).toContain(status)
    expect(lab.log.top).toBe(status === 201 ? 1 : 0)
    return deliveredBy({ lab })
  })
}

async function withLab(
  options: Parameters<typeof startLab>[0],
  use: (started: StartedLab) => Promise<string | null>,
): Promise<string | null> {
  const started = await startLab(options)
  try {
    return await use(started)
  } finally {
    await started.stop()
  }
}

function deliveredBy({ lab }: Pick<StartedLab, 'lab'>): string | null {
  const { log } = lab
  const whole = { maxEvents: 1, maxBytes: 1e6, overheadBytes: 0 }
  const [entry] = log.since({ epoch: log.epoch, seq: 0 }, whole).entries
  return entry === undefined ? null : (/"data":(.*)\}$/s.exec(entry.text)?.[1] ?? null)
}

function bytes(json: string | Buffer): Buffer {
  return Buffer.from(json as string)
}
