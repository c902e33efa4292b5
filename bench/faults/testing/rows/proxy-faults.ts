import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { setLink } from '../../api-client.ts'
import type { Publisher } from '../../publisher.ts'
import type { RecordingReader } from '../../recording-reader.ts'
import { waitUntil } from '../../wait-until.ts'
import { isHttpStream } from '../fault-table.ts'
import { createProxy, NGINX, type Site, shippedNginx } from '../proxies.ts'
import type { FaultTest, Testbed } from '../testbed.ts'

const FIRST_EVENT_MS = 500
const BUFFERING = 'proxy_buffering on;'

/** What proxies do that mean well. */
export const proxyFaults = {
  async 'buffering-link'(testbed) {
    const { origin, linkOrigin, publisher } = await testbed.startLab()
    await setLink(origin, { buffer: { bytes: 65_536, honoursHeader: true } })
    const [reader] = await testbed.openReaders(1, linkOrigin)
    await expectFirstEvent(reader, publisher)
    await setLink(origin, {})
    await testbed.expectRecovery(publisher.top)
  },

  async nginx(testbed) {
    await behindNginx(testbed)
    if (!isHttpStream(testbed.technique)) return
    await behindNginx(testbed.another(), buffering)
    await behindDeafNginx(testbed.another())
  },
} satisfies Record<string, FaultTest>

/** nginx by default: it buffers all responses but those that say they must not be buffered. */
const buffering: Site = (...addresses) =>
  shippedNginx(...addresses).replace('proxy_buffering off;', BUFFERING)

/** Ignores that header, too. */
const deaf: Site = (...addresses) =>
  buffering(...addresses).replace(BUFFERING, `${BUFFERING}\nproxy_ignore_headers X-Accel-Buffering;`)

async function behindNginx(testbed: Testbed, site?: Site): Promise<void> {
  const { origin, publisher, start } = await prepareNginx(testbed)
  await start(site)
  const [reader] = await testbed.openReaders(1, origin)
  await expectFirstEvent(reader, publisher)
  await publisher.publish(50, 2000)
  await testbed.expectRecovery(publisher.top)
}

/** Nothing arrives until a buffer is full. When nginx is then configured properly, nothing has been lost. */
async function behindDeafNginx(testbed: Testbed): Promise<void> {
  const { lab, origin, publisher, start } = await prepareNginx(testbed)
  await start(deaf)
  const reader = testbed.openReader(origin, { policy: { helloMs: 60_000, silentMs: 60_000 } })
  // Its hello is held back as well, so only the server knows that the reader is there.
  await waitUntil('the stream is open', () => lab.techniques[testbed.technique].readers === 1, 10_000)
  await publisher.publish(1)
  await delay(FIRST_EVENT_MS * 2)
  expect(reader.audit.received).toBe(0)
  await publisher.publish(100, 2000)
  await waitUntil('full buffers are passed on', () => reader.audit.received > 0, 10_000)
  await start()
  await testbed.expectRecovery(publisher.top)
  expect(reader.audit.received).toBe(101)
}

async function prepareNginx(testbed: Testbed) {
  const nginx = await createProxy(NGINX)
  testbed.onEnd(nginx.stop)
  const { lab, origin, publisher } = await testbed.startLab({
    allowHosts: [nginx.host],
    deployment: { proxies: ['127.0.0.1'] },
  })
  const port = Number(new URL(origin).port)
  return {
    lab,
    origin: nginx.origin,
    publisher,
    start: (site: Site = shippedNginx) => nginx.start(port, site),
  }
}

async function expectFirstEvent(reader: RecordingReader | undefined, publisher: Publisher): Promise<void> {
  const publishedAtMs = performance.now()
  await publisher.publish(1)
  await waitUntil('the first event has arrived', () => reader?.audit.received === 1, 10_000)
  expect(performance.now() - publishedAtMs).toBeLessThan(FIRST_EVENT_MS)
}
