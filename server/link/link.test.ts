import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import type { LinkConditions } from '../protocol/api.ts'
import { RATE_STEP_MS, SLICE_EVERY_MS } from './direction.ts'
import { type Link, openLink } from './link.ts'

/** A link to a server that sends nothing by itself. */
describe('the link', () => {
  const sockets: Socket[] = []
  let server: Server | null = null
  let link: Link | null = null

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await link?.close()
    await new Promise(resolve => server?.close(resolve))
    link = null
  })

  const build = async (conditions: LinkConditions = {}) => {
    server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    link = await openLink(server, { host: '127.0.0.1', port: 0, grants: () => ({}) })
    link.change(conditions)
    return { server, link }
  }

  /** The client's end and the server's end of a proxied connection. */
  const travel = async ({ server, link }: { server: Server; link: Link }, localAddress = '127.0.0.1') => {
    const accepted = once(server, 'connection')
    const client = connect({
      host: '127.0.0.1',
      port: link.port,
      localAddress,
      allowHalfOpen: true,
      noDelay: true,
    })
    sockets.push(client)
    const [host] = (await accepted) as [Socket]
    sockets.push(host)
    for (const end of [client, host]) end.on('error', () => {})
    return { client, host }
  }

  describe('without any condition', () => {
    it('passes random bytes on unchanged, both ways at once', async () => {
      const { client, host } = await travel(await build())
      const up = randomBytes(3_000_000)
      const down = randomBytes(5_000_001)
      const received = Promise.all([whole(host), whole(client)])
      Readable.from(piecesOf(up)).pipe(client)
      Readable.from(piecesOf(down)).pipe(host)
      const [atHost, atClient] = await received
      expect(digest(atHost)).toBe(digest(up))
      expect(digest(atClient)).toBe(digest(down))
    })

    it('keeps a connection half open that was half closed', async () => {
      const { client, host } = await travel(await build())
      client.end('all I have to say')
      expect((await whole(host)).toString()).toBe('all I have to say')
      const answer = whole(client)
      host.write('an answer, ')
      await pause(50)
      host.end('and its end')
      expect((await answer).toString()).toBe('an answer, and its end')
    })

    it.each(['client', 'host'] as const)('passes a reset by the %s on as a reset', async resetter => {
      const ends = await travel(await build())
      const other = resetter === 'client' ? ends.host : ends.client
      const [first] = await Promise.all([once(other, 'data'), ends[resetter].write('before')])
      expect(String(first)).toBe('before')
      const failed = once(other, 'error')
      ends[resetter].resetAndDestroy()
      expect(await failed).toMatchObject([{ code: 'ECONNRESET' }])
    })

    it('lets a reader that does not read hold its sender back, and loses nothing', async () => {
      const { client, host } = await travel(await build())
      client.pause()
      const offeredBytes = 96 * 2 ** 20
      let takenBytes = 0
      const source = new Readable({
        read() {
          takenBytes += 65_536
          this.push(takenBytes > offeredBytes ? null : Buffer.alloc(65_536, takenBytes / 65_536))
        },
      })
      source.pipe(host)
      let before = -1
      while (takenBytes > before) {
        before = takenBytes
        await pause(300)
      }
      // What two kernel sockets buffer, 10 MB each at most, and the link's own limit.
      expect(takenBytes).toBeLessThan(32 * 2 ** 20)
      const all = await whole(client)
      expect(all.length).toBe(offeredBytes)
      for (let n = 0; n < all.length; n += 65_536) expect(all[n]).toBe((n / 65_536 + 1) % 256)
    })

    it('resets a connection if the server is gone', async () => {
      const built = await build()
      await new Promise(resolve => built.server.close(resolve))
      const client = connect(built.link.port, '127.0.0.1')
      sockets.push(client)
      expect(await once(client, 'error')).toMatchObject([{ code: 'ECONNRESET' }])
    })
  })

  it('leaves no connection behind, however it ended', async () => {
    const built = await build({ delayMs: 5 })
    for (let n = 0; n < 40; n += 1) {
      const { client, host } = await travel(built)
      host.on('end', () => host.end()).resume()
      client.on('end', () => client.end()).resume()
      client.write('x')
      if (n % 4 === 0) client.destroy()
      else if (n % 4 === 1) client.resetAndDestroy()
      else if (n % 4 === 2) host.end('x')
      else host.resetAndDestroy()
    }
    const count = () =>
      new Promise((resolve, reject) =>
        built.server.getConnections((error, n) => (error ? reject(error) : resolve(n))),
      )
    await expect.poll(count, { timeout: 5000 }).toBe(0)
    await expect.poll(() => sockets.every(socket => socket.closed), { timeout: 5000 }).toBe(true)
  })

  describe('tells the server', () => {
    it('whose socket it is, as soon as it is accepted', async () => {
      const built = await build()
      let atOnce: string | null = null
      built.server.once('connection', socket => {
        atOnce = built.link.linkClientOf(socket)
      })
      await travel(built)
      expect(atOnce).toBe('127.0.0.1')
    })

    // There, loopback has only one address.
    it.skipIf(process.platform === 'darwin')("the client's address, not the link's own", async () => {
      const built = await build()
      const { host } = await travel(built, '127.0.0.2')
      expect(host.remoteAddress).toBe('127.0.0.1')
      expect(built.link.linkClientOf(host)).toBe('127.0.0.2')
    })

    it('nothing of a socket that did not come by the link', async () => {
      const built = await build()
      const accepted = once(built.server, 'connection')
      sockets.push(connect((built.server.address() as AddressInfo).port, '127.0.0.1'))
      const [host] = (await accepted) as [Socket]
      sockets.push(host)
      expect(built.link.linkClientOf(host)).toBeNull()
    })
  })

  describe('with a delay', () => {
    const DELAY_MS = 60

    it('delays a new connection by the handshake, and every round trip in both directions', async () => {
      const built = await build({ delayMs: DELAY_MS })
      const beganAtMs = performance.now()
      const { client, host } = await travel(built)
      host.on('data', bytes => host.write(bytes))
      const trip = async () => {
        const sentAtMs = performance.now()
        client.write('x')
        await once(client, 'data')
        return performance.now() - sentAtMs
      }
      await trip()
      expect(performance.now() - beganAtMs).toBeGreaterThanOrEqual(4 * DELAY_MS)
      const tripsMs: number[] = []
      for (let n = 0; n < 5; n += 1) tripsMs.push(await trip())
      const quickestMs = Math.min(...tripsMs)
      expect(quickestMs).toBeGreaterThanOrEqual(2 * DELAY_MS)
      expect(quickestMs).toBeLessThan(4 * DELAY_MS)
    })

    it('delivers an end and a reset after what was sent before', async () => {
      const built = await build({ delayMs: DELAY_MS })
      for (const ending of ['end', 'error'] as const) {
        const { client, host } = await travel(built)
        const sentAtMs = performance.now()
        const ended = once(client, ending)
        host.write('last')
        if (ending === 'end') host.end()
        else setTimeout(() => host.resetAndDestroy(), 20)
        expect(String(await once(client, 'data'))).toBe('last')
        await ended
        expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(DELAY_MS)
      }
    })

    it('never changes the order, however much it jitters', async () => {
      const { client, host } = await travel(await build({ delayMs: 30, jitterMs: 20 }))
      const latenciesMs: number[] = []
      let received = ''
      client.on('data', bytes => {
        for (const part of String(bytes).split('\n').slice(0, -1)) {
          latenciesMs.push(performance.now() - Number(part.split(' ')[1]))
        }
        received += bytes
      })
      let sent = ''
      for (let n = 0; n < 60; n += 1) {
        const line = `${n} ${performance.now()}\n`
        sent += line
        host.write(line)
        await pause(5)
      }
      await expect.poll(() => received, { timeout: 5000 }).toBe(sent)
      expect(Math.min(...latenciesMs)).toBeGreaterThanOrEqual(10)
      expect(Math.max(...latenciesMs) - Math.min(...latenciesMs)).toBeGreaterThan(5)
    })

    it('that is cleared releases what is in transit', async () => {
      const built = await build({ delayMs: 2000 })
      const { client, host } = await travel(built)
      host.write('under way')
      await pause(50)
      const changedAtMs = performance.now()
      built.link.change({})
      expect(String(await once(client, 'data'))).toBe('under way')
      expect(performance.now() - changedAtMs).toBeLessThan(1000)
    })
  })

  describe('with a rate', () => {
    it('passes so many bytes a second towards the client, and no more', async () => {
      const bytesPerSecond = 40_000
      const { client, host } = await travel(await build({ bytesPerSecond }))
      const bytes = randomBytes(20_000)
      const beganAtMs = performance.now()
      host.end(bytes)
      expect(digest(await whole(client))).toBe(digest(bytes))
      const leastMs = (bytes.length / bytesPerSecond) * 1000 - 2 * RATE_STEP_MS
      expect(performance.now() - beganAtMs).toBeGreaterThanOrEqual(leastMs)
    })

    it('does not limit what the client sends', async () => {
      const { client, host } = await travel(await build({ bytesPerSecond: 100 }))
      client.end(Buffer.alloc(100_000))
      expect((await whole(host)).length).toBe(100_000)
    })

    it('that is high is not lowered by the resolution of timers', async () => {
      const { client, host } = await travel(await build({ bytesPerSecond: 1e9 }))
      const beganAtMs = performance.now()
      host.end(Buffer.alloc(32 * 2 ** 20))
      expect((await whole(client)).length).toBe(32 * 2 ** 20)
      expect(performance.now() - beganAtMs).toBeLessThan(5000)
    })

    it('holds the sender back, without an unbounded queue', async () => {
      const { client, host } = await travel(await build({ bytesPerSecond: 10_000 }))
      client.resume()
      let drained = false
      host.once('drain', () => {
        drained = true
      })
      host.write(Buffer.alloc(64 * 2 ** 20))
      await pause(1000)
      expect(drained).toBe(false)
    })
  })

  it('with slices forwards them one by one, in both directions', async () => {
    const { client, host } = await travel(await build({ sliceBytes: 10 }))
    const bytes = randomBytes(205)
    for (const [from, to] of [[client, host] as const, [host, client] as const]) {
      const beganAtMs = performance.now()
      from.end(bytes)
      const chunks: Buffer[] = []
      to.on('data', chunk => chunks.push(chunk))
      await once(to, 'end')
      expect(Buffer.concat(chunks)).toEqual(bytes)
      expect(performance.now() - beganAtMs).toBeGreaterThanOrEqual(20 * SLICE_EVERY_MS)
      expect(chunks.length).toBeGreaterThan(2)
    }
  })

  describe('with a black hole', () => {
    it('accepts connections, forwards nothing, and loses nothing when it is switched off', async () => {
      const built = await build()
      const { client, host } = await travel(built)
      built.link.change({ blackhole: true })
      const later = await travel(built)
      let arrived = 0
      for (const end of [client, host, later.client, later.host]) {
        end.on('data', () => {
          arrived += 1
        })
      }
      const wholes = [host, client, later.host].map(whole)
      client.end('up')
      host.end('down')
      later.client.end('from one who came later')
      await pause(300)
      expect(arrived).toBe(0)
      expect([client, host].map(end => end.readableEnded)).toEqual([false, false])
      built.link.change({})
      expect((await Promise.all(wholes)).map(String)).toEqual(['up', 'down', 'from one who came later'])
    })

    it('holds what is in transit, and hides a close until it is switched off', async () => {
      const built = await build({ delayMs: 100 })
      const { client, host } = await travel(built)
      host.write('under way')
      await pause(30)
      built.link.change({ blackhole: true })
      client.destroy()
      const closed = once(host, 'close')
      host.resume()
      host.on('end', () => host.end())
      expect(await Promise.race([closed, pause(300)])).toBeUndefined()
      built.link.change({})
      await closed
    })
  })

  it('with an idle timeout closes silent connections, and no others', async () => {
    const built = await build()
    const busy = await travel(built)
    const silent = await travel(built)
    const beganAtMs = performance.now()
    built.link.change({ idleTimeoutMs: 1000 })
    busy.client.resume()
    const chat = setInterval(() => busy.host.write('.'), 100)
    await Promise.all([silent.client, silent.host].map(end => once(end.resume(), 'end')))
    expect(performance.now() - beganAtMs).toBeGreaterThanOrEqual(1000 - 1)
    await pause(500)
    clearInterval(chat)
    expect(busy.client.readableEnded).toBe(false)
  })

  describe.each([
    ['resetAfterBytes', 'error'],
    ['cutAfterBytes', 'end'],
  ] as const)('with %s', (key, ending) => {
    it('is cut after exactly so many bytes, at both ends', async () => {
      const built = await build()
      for (const bytes of [1, 2, 999, 4096, 65_536, 200_001]) {
        built.link.change({ [key]: bytes })
        const { client, host } = await travel(built)
        const sent = randomBytes(bytes + 100_000)
        const chunks: Buffer[] = []
        client.on('data', chunk => chunks.push(chunk))
        host.resume()
        const ended = Promise.all([
          once(client, ending),
          new Promise(resolve => host.once('close', resolve).once('end', resolve)),
        ])
        host.write(sent)
        await ended
        const received = Buffer.concat(chunks)
        expect(received.length).toBe(bytes)
        expect(received.equals(sent.subarray(0, bytes))).toBe(true)
      }
    })

    it('counts from when it was switched on, for a connection that is already open', async () => {
      const built = await build()
      const { client, host } = await travel(built)
      let received = ''
      client.on('data', bytes => {
        received += bytes
      })
      host.write('0123456789')
      await expect.poll(() => received).toBe('0123456789')
      built.link.change({ [key]: 4 })
      const ended = once(client, ending)
      host.write('abc')
      await expect.poll(() => received).toBe('0123456789abc')
      host.write('def')
      await ended
      expect(received).toBe('0123456789abcd')
    })
  })
})

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** Everything that a socket receives. Node's own consumers would destroy the socket at the end, and its other half with it. */
async function whole(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk)).resume()
  await once(socket, 'end')
  return Buffer.concat(chunks)
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Chunks of many sizes. */
function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let begin = 0, length = 1; begin < bytes.length; begin += length, length = (length * 7) % 100_003) {
    yield bytes.subarray(begin, begin + length)
  }
}
