import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { exchange, openRaw, request } from '../testing/raw-socket.ts'
import { type StartedLab, startLab } from '../testing/start-lab.ts'

const built = existsSync(join(projectRoot(), 'dist/page/index.html'))
let lab: StartedLab | null = null
const start = async (allowHosts: readonly string[] = []) => {
  lab = await startLab({ allowHosts })
  return lab
}
afterEach(async () => {
  await lab?.stop()
  lab = null
})

describe.skipIf(!built)('the page', () => {
  it.each(['/', '/results', '/index.html'])(
    '%s is answered to HEAD as to GET, without the body',
    async path => {
      const { origin } = await start()
      const get = await exchange(origin, request(origin, path))
      const raw = await openRaw(origin)
      raw.send(request(origin, path, { method: 'HEAD', headers: ['Connection: close'] }))
      await raw.until(({ closed }) => closed)
      const head = raw.received.toString()
      expect(head).toMatch(/^HTTP\/1\.1 200 /)
      expect(head.slice(head.indexOf('\r\n\r\n'))).toBe('\r\n\r\n')
      for (const [name, value] of get.headers) {
        if (name !== 'date' && name !== 'connection' && name !== 'keep-alive')
          expect(head.toLowerCase()).toContain(`${name}: ${value}`.toLowerCase())
      }
      await raw.leave()
    },
  )

  it('may connect to itself and to the link, under the name of its own request', async () => {
    const { origin, linkOrigin } = await start(['lab.test:8080', '[fd00::9]:8080'])
    const link = new URL(linkOrigin).port
    const { port } = new URL(origin)
    const connects = async (host: string) => {
      const { headers } = await exchange(origin, request(origin, '/', { headers: [`Host: ${host}`] }))
      return /connect-src ([^;]*)/.exec(headers.get('content-security-policy') ?? '')?.[1]
    }
    expect(await connects(`localhost:${port}`)).toBe(
      `'self' ws://localhost:${port} wss://localhost:${port} http://localhost:${link} ws://localhost:${link}`,
    )
    // A policy cannot name an IPv6 address.
    expect(await connects(`[::1]:${port}`)).toBe(`'self' ws://*:${port} http://*:${link} ws://*:${link}`)
    // It is unknown where a second port of these names would lead.
    expect(await connects('lab.test:8080')).toBe("'self' ws://lab.test:8080 wss://lab.test:8080")
    expect(await connects('[fd00::9]:8080')).toBe("'self' ws://*:8080")
    expect(await connects('[::1]')).toBe("'self' ws://*:80")
  })

  it('opens by a link from another site, and not in a frame of one', async () => {
    const { origin } = await start()
    const get = (path: string, mode: string, destination: string) =>
      exchange(
        origin,
        request(origin, path, {
          headers: [
            `Sec-Fetch-Site: cross-site`,
            `Sec-Fetch-Mode: ${mode}`,
            `Sec-Fetch-Dest: ${destination}`,
          ],
        }),
      )
    for (const path of ['/', '/results', '/%72esults']) {
      expect((await get(path, 'navigate', 'document')).status).toBe(200)
      expect((await get(path, 'navigate', 'iframe')).status).toBe(403)
      expect((await get(path, 'no-cors', 'script')).status).toBe(403)
    }
  })

  it('refuses other methods and names its own', async () => {
    const { origin } = await start()
    for (const path of ['/', '/results']) {
      const answer = await exchange(origin, request(origin, path, { method: 'POST' }))
      expect(answer.status).toBe(405)
      expect(answer.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'OPTIONS'])
    }
  })
})

describe.skipIf(!built)('the parts of the page', () => {
  const added = join(projectRoot(), 'dist/page/assets/added-by-a-test.js')
  afterEach(() => rmSync(added, { force: true }))

  it('are looked up per request, because a rebuilt page has other files', async () => {
    const { origin } = await start()
    const get = (path: string, method = 'GET') => exchange(origin, request(origin, path, { method }))
    expect((await get('/assets/added-by-a-test.js')).status).toBe(404)
    writeFileSync(added, 'export {}\n')
    const answer = await get('/assets/added-by-a-test.js')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    rmSync(added)
    const gone = await get('/assets/added-by-a-test.js')
    expect(gone.status).toBe(404)
    expect(gone.headers.get('cache-control')).toBe('no-store')
    expect(JSON.parse(gone.body.toString())).toMatchObject({ code: 'not-found' })
  })

  it('are those of the page and nothing else', async () => {
    const { origin } = await start()
    for (const path of [
      '/assets/',
      '/assets',
      '/assets/../index.html/..',
      '/assets/..%2f..%2fserver%2fmain.js',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/assets/..%5c..%5cpackage.json',
      '/assets/%00',
      '/assets/.hidden',
    ]) {
      const { status, body } = await exchange(origin, request(origin, path))
      expect([400, 403, 404]).toContain(status)
      expect(JSON.parse(body.toString())).toHaveProperty('code')
    }
  })

  it('refuse other methods', async () => {
    const { origin } = await start()
    const { status } = await exchange(origin, request(origin, '/assets/any.js', { method: 'POST' }))
    expect([404, 405]).toContain(status)
  })
})

describe.skipIf(!built)('the script of a service worker', () => {
  const get = (origin: string, path: string, ...headers: string[]) =>
    exchange(origin, request(origin, path, { headers }))
  const WORKER = ['Service-Worker: script', 'Sec-Fetch-Dest: serviceworker', 'Sec-Fetch-Site: same-origin']

  it.each(['/sw.js', '/ngsw-worker.js', '/js/deep/service-worker.js?v=3', '/zebra'])(
    'that another project left as %s is one that removes itself',
    async path => {
      const { origin } = await start()
      const answer = await get(origin, path, ...WORKER, 'Sec-Fetch-Mode: same-origin')
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toContain('text/javascript')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.body.toString()).toContain('registration.unregister()')
      // Requests that are not a browser's update find nothing there, as before.
      expect((await get(origin, path)).status).toBe(404)
      expect((await get(origin, path, 'Service-Worker: other')).status).toBe(404)
    },
  )

  it('is not served by the link, nor under a foreign name, nor instead of an existing file', async () => {
    const { origin, linkOrigin } = await start()
    expect((await exchange(linkOrigin, request(linkOrigin, '/sw.js', { headers: WORKER }))).status).toBe(404)
    expect((await get(origin, '/sw.js', ...WORKER, 'Host: evil.test')).status).toBe(403)
    expect(
      (await get(origin, '/api/health', 'Service-Worker: script')).headers.get('content-type'),
    ).toContain('application/json')
  })
})
