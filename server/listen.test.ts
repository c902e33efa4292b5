import { type AddressInfo, createServer, Server, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isBadPort } from './bad-ports.ts'
import { createNames } from './gate/names.ts'
import { openLink } from './link/link.ts'
import { listenAt } from './listen.ts'
import { TECHNIQUES } from './protocol/techniques.ts'
import { exchange, refusalOf, request } from './testing/raw-socket.ts'
import { type StartedLab, startLab } from './testing/start-lab.ts'
import { openReader } from './testing/wire-readers.ts'

let started: StartedLab | null = null
const servers: Server[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  await started?.stop()
  started = null
  for (const server of servers.splice(0)) server.close()
})

const ipv6 = Object.values(networkInterfaces())
  .flat()
  .some(found => found?.address === '::1')
const LOOPBACK = ipv6 ? ['127.0.0.1', '[::1]'] : ['127.0.0.1']

const squat = async (host: string, port = 0): Promise<number> => {
  const server = createServer().listen(port, host)
  servers.push(server)
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
  return (server.address() as { port: number }).port
}

describe('a lab', () => {
  it.each(['localhost', '::', '0.0.0.0', '127.0.0.1', '::1'])(
    'on %s serves every technique by both ports at each of its addresses, and counts all sockets',
    async host => {
      if (!ipv6 && host.includes(':')) return
      started = await startLab({ host, deployment: 'lan' })
      const { lab, publish } = started
      const reached = LOOPBACK.filter(address => {
        if (host === 'localhost' || host === '::') return true
        return (host === '::1') === (address === '[::1]')
      })
      for (const origin of [started.origin, started.linkOrigin]) {
        for (const address of reached) {
          const at = `http://${address}:${new URL(origin).port}`
          const readers = await Promise.all(TECHNIQUES.map(technique => openReader(technique, at)))
          await publish(1)
          await Promise.all(readers.map(reader => reader.until(({ texts }) => texts.length === 1)))
          expect(lab.meter.allSockets().length).toBe(TECHNIQUES.length)
          await Promise.all(readers.map(reader => reader.leave()))
          await expect.poll(() => lab.meter.allSockets().length).toBe(0)
        }
      }
    },
  )

  it('of several addresses stops at all of them', async () => {
    started = await startLab({ host: 'localhost' })
    const { port } = new URL(started.origin)
    await started.stop()
    started = null
    for (const host of ['127.0.0.1', ...(ipv6 ? ['::1'] : [])])
      expect(await squat(host, Number(port))).toBeGreaterThan(0)
  })

  it('queues many connections to be accepted, at every address and port', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen')
    started = await startLab({ host: 'localhost' })
    const asked = listen.mock.calls.map(([options]) => options as { port: number; backlog?: number })
    const lasting = asked.filter(({ port }) => port !== 0)
    expect(lasting).toHaveLength(2 * LOOPBACK.length)
    expect(lasting.every(({ backlog }) => backlog === 4096)).toBe(true)
  })

  it('answers under the address at which a connection arrived, even if that address is newer than the server', async () => {
    started = await startLab({ host: '0.0.0.0', deployment: 'lan' })
    // 127.0.0.77 was not read at the start, like the address of a Wi-Fi that was joined later.
    for (const origin of [started.origin, started.linkOrigin]) {
      const at = `http://127.0.0.77:${new URL(origin).port}`
      const page = `http://127.0.0.77:${new URL(started.origin).port}`
      expect((await exchange(at, request(at, '/poll', { headers: [`Origin: ${page}`] }))).status).toBe(200)
      const elsewhere = [`Host: 127.0.0.78:${new URL(origin).port}`]
      expect(refusalOf(await exchange(at, request(at, '/poll', { headers: elsewhere }))).code).toBe(
        'foreign-host',
      )
      const foreign = [`Origin: http://127.0.0.78:${new URL(started.origin).port}`]
      expect(refusalOf(await exchange(at, request(at, '/poll', { headers: foreign }))).code).toBe(
        'foreign-origin',
      )
    }
  })

  it("names the link's port only to a client that used a name of this machine", async () => {
    started = await startLab({ allowHosts: ['Lab.Test:8080', 'lab.test'] })
    const { origin, linkOrigin } = started
    const link = async (host: string) => {
      const answer = await exchange(origin, request(origin, '/api/health', { headers: [`Host: ${host}`] }))
      return (JSON.parse(answer.body) as { link: unknown }).link
    }
    const { host, port } = new URL(origin)
    expect(await link(host)).toEqual({ port: Number(new URL(linkOrigin).port) })
    expect(await link(`localhost:${port}`)).toEqual({ port: Number(new URL(linkOrigin).port) })
    for (const name of ['lab.test:8080', 'LAB.TEST', 'localhost']) expect(await link(name)).toBeNull()
  })
})

describe('a port', () => {
  it('that is busy at one address of several is busy', async () => {
    if (!ipv6) return
    const port = await squat('::1')
    const server = createServer()
    servers.push(server)
    await expect(listenAt(server, { host: 'localhost', port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(server.listening).toBe(false)
  })

  it('is not used for the link if browsers refuse it', async () => {
    const server = createServer()
    servers.push(server)
    // The first free one of the ports before a bad one.
    const before = [5059, 6565, 6664, 10_079, 3658]
    await before.reduce<Promise<unknown>>(
      (tried, port) => tried.catch(() => listenAt(server, { host: '127.0.0.1', port })),
      Promise.reject(new Error('none is free')),
    )
    expect(before).toContain((server.address() as AddressInfo).port)
    const link = await openLink(server, { host: '127.0.0.1', port: 'next', grants: () => ({}) })
    expect(isBadPort(link.port)).toBe(false)
    await link.close()
  })

  it.each([1, 22, 2049, 5060, 5061, 6000, 6566, 6665, 6669, 6697, 10_080])(
    '%i is one of them',
    async port => {
      expect(isBadPort(port)).toBe(true)
      // Node's own fetch refuses it before it connects.
      await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
        cause: { message: 'bad port' },
      })
    },
  )

  it.each([80, 443, 3000, 3001, 5173, 6001, 8080, 65_535])('%i is none of them', port => {
    expect(isBadPort(port)).toBe(false)
  })
})

describe('names', () => {
  const arrival = (localAddress: string, byLink = false) => ({ socket: { localAddress } as Socket, byLink })
  const names = createNames({ hosts: ['192.168.1.5', '[fd00::2]'], port: 80, linkPort: 81, allowHosts: [] })

  it.each([
    '192.168.1.5',
    '192.168.1.5:80',
    '[FD00:0::2]',
    '[fd00::2]:80',
    'localhost',
    '10.9.9.9',
    '10.9.9.9:80',
  ])('of port 80 may be written without it: %s', host => {
    expect(names.isOurs(host, arrival('::ffff:10.9.9.9'))).toBe(true)
    expect(names.linkPortFor(host, arrival('::ffff:10.9.9.9'))).toBe(81)
  })

  it.each([
    ['lab.test:443', 'lab.test', 'https://lab.test'],
    ['Lab.Test:80', 'LAB.test:80', 'http://lab.test'],
    ['[FD00:0::9]:8080', '[fd00::9]:8080', 'http://[fd00::9]:8080'],
  ])('that were allowed are accepted as a browser writes them: %s', (name, host, origin) => {
    const allowing = createNames({ hosts: [], port: 3000, linkPort: 3001, allowHosts: [name] })
    expect(allowing.isOurs(host, arrival('127.0.0.1'))).toBe(true)
    expect(allowing.isPage(origin, arrival('127.0.0.1'))).toBe(true)
    expect(allowing.isOurs(host, arrival('127.0.0.1', true))).toBe(false)
    expect(allowing.linkPortFor(host, arrival('127.0.0.1'))).toBeNull()
  })

  it('accept the address of an interface without its zone', () => {
    expect(names.isOurs('[fe80::1]:81', arrival('fe80::1%eth0', true))).toBe(true)
    expect(names.isPage('http://[fe80::1]', arrival('fe80::1%eth0', true))).toBe(true)
    expect(names.isPage('http://[fe80::2]', arrival('fe80::1%eth0', true))).toBe(false)
  })
})
