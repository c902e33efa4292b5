import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { setLink } from '../../commands.ts'
import type { Publisher } from '../../publisher.ts'
import { until } from '../../until.ts'
import type { Witness } from '../../witness.ts'
import { createProxy, NGINX, type Site, shippedNginx } from '../proxies.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const FIRST_EVENT_MS = 500
const BUFFERING = 'proxy_buffering on;'

/** What proxies do who mean well. */
export const proxyFaults = {
  async 'buffering-link'(stage) {
    const { origin, linkOrigin, publisher } = await stage.lab()
    await setLink(origin, { buffer: { bytes: 65_536, honoursHeader: true } })
    const [witness] = await stage.read(1, linkOrigin)
    await expectFirstEvent(witness, publisher)
    await setLink(origin, {})
    await stage.expectClean(publisher.top)
  },

  async nginx(stage) {
    await behindNginx(stage)
    if (stage.technique !== 'sse') return
    await behindNginx(stage.another(), buffering)
    await behindDeafNginx(stage.another())
  },
} satisfies Record<string, Scenario>

/** As nginx comes: it buffers, except what says that it must not be buffered. */
const buffering: Site = (...addresses) =>
  shippedNginx(...addresses).replace('proxy_buffering off;', BUFFERING)

const deaf: Site = (...addresses) =>
  buffering(...addresses).replace(BUFFERING, `${BUFFERING}\nproxy_ignore_headers X-Accel-Buffering;`)

async function behindNginx(stage: Stage, site?: Site): Promise<void> {
  const { origin, publisher, start } = await openNginx(stage)
  await start(site)
  const [witness] = await stage.read(1, origin)
  await expectFirstEvent(witness, publisher)
  await publisher.publish(50, 2000)
  await stage.expectClean(publisher.top)
}

/** Nothing comes until a buffer is full. Whoever then mends nginx has lost nothing. */
async function behindDeafNginx(stage: Stage): Promise<void> {
  const { lab, origin, publisher, start } = await openNginx(stage)
  await start(deaf)
  const witness = stage.open(origin, { policy: { helloMs: 60_000, silentMs: 60_000 } })
  // Nothing tells the reader yet that it was let in.
  await until('stream at the server', () => lab.techniques.sse.readers === 1, 10_000)
  await publisher.publish(1)
  await delay(FIRST_EVENT_MS * 2)
  expect(witness.reader.audit.received).toBe(0)
  await publisher.publish(100, 2000)
  await until('event once the buffers are full', () => witness.reader.audit.received > 0, 10_000)
  await start()
  await stage.expectClean(publisher.top)
  expect(witness.reader.audit.received).toBe(101)
}

async function openNginx(stage: Stage) {
  const nginx = await createProxy(NGINX)
  stage.onEnd(nginx.stop)
  const { lab, origin, publisher } = await stage.lab({
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

async function expectFirstEvent(witness: Witness | undefined, publisher: Publisher): Promise<void> {
  const publishedAtMs = performance.now()
  await publisher.publish(1)
  await until('first event', () => witness?.reader.audit.received === 1, 10_000)
  expect(performance.now() - publishedAtMs).toBeLessThan(FIRST_EVENT_MS)
}
