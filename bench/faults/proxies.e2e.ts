import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { RECOVERY_MS, SERVER_TIMES } from './contract-times.ts'
import { findViolations } from './find-violations.ts'
import { createLedger } from './ledger.ts'
import { createPublisher } from './publisher.ts'
import { hasReached, openRecordingReader } from './recording-reader.ts'
import { type ServerProcess, SILENT_SERVER, startServerProcess } from './server-process.ts'
import {
  CADDY,
  createProxy,
  HAPROXY,
  missing,
  NGINX,
  NGINX_WITH_KEEPALIVE,
  type ProxyProgram,
  type ReverseProxy,
} from './testing/proxies.ts'
import { allReach } from './testing/testbed.ts'

const PROXIES = [NGINX, NGINX_WITH_KEEPALIVE, HAPROXY, CADDY]
const TOKEN = 'of-the-publisher'

for (const sentence of new Set(PROXIES.map(missing)))
  if (sentence !== null) process.stderr.write(`${sentence}\n`)

/** Each proxy has a server and one reader of each technique to itself; all proxies run at the same time. */
describe('proxies, configured as their documentation first shows', () => {
  const runs = new Map<ProxyProgram, Promise<ProxyRun>>()
  const cleanUps: (() => unknown)[] = []

  beforeAll(async () => {
    for (const program of PROXIES)
      if (missing(program) === null)
        runs.set(
          program,
          run(program, cleanUp => cleanUps.push(cleanUp)),
        )
    // One that fails does so in its own tests.
    await Promise.allSettled(runs.values())
  }, 120_000)

  afterAll(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp()
  })

  for (const program of PROXIES)
    for (const technique of TECHNIQUES)
      it.skipIf(missing(program) !== null)(
        `${technique} behind ${program.name} loses nothing when the proxy reloads or restarts, nor when the server does`,
        async () => {
          const done = await runs.get(program)
          expect(done?.violationsOf(technique)).toEqual([])
          // The reader is told that the server restarted, and of no other gap.
          expect(done?.gapReasonsOf(technique)).toEqual(['epoch'])
        },
      )
})

interface ProxyRun {
  violationsOf(technique: Technique): readonly string[]
  gapReasonsOf(technique: Technique): readonly string[] | undefined
}

async function run(program: ProxyProgram, onEnd: (cleanUp: () => unknown) => void): Promise<ProxyRun> {
  const ledger = createLedger()
  const numbers = { next: 1 }
  const late: { technique: string; sentence: string }[] = []
  const proxy = await createProxy(program)
  onEnd(proxy.stop)
  let server = await startBehind(proxy)
  onEnd(() => server.kill())
  let publisher = createPublisher(ledger, server.append, numbers)
  const { log } = await server.stats()
  const from = `${log.epoch}-${log.top}`
  await proxy.start(server.port)
  const readers = TECHNIQUES.map(technique =>
    openRecordingReader(ledger, technique, { technique, origin: proxy.origin, from }),
  )
  for (const reader of readers) onEnd(() => reader.close())
  // A single event with none after it: the proxy must not hold it back in a buffer.
  await publishAndWait(1)

  const stopPublishing = publisher.every(10)
  await proxy.reload()
  await publishAndWait(20)
  await proxy.start(server.port)
  await publishAndWait(20)
  await stopPublishing()
  await publishAndWait(1)

  await server.kill('SIGTERM')
  server = await startBehind(proxy, server.port)
  publisher = createPublisher(ledger, server.append, numbers)
  ledger.faultsOver(await publishAndWait(20), RECOVERY_MS)

  return {
    violationsOf: technique => [
      ...late.filter(reader => reader.technique === technique).map(({ sentence }) => sentence),
      ...findViolations(ledger.read()).flatMap(({ reader, sentence }) =>
        reader === technique ? [sentence] : [],
      ),
    ],
    gapReasonsOf: technique => readers.find(({ name }) => name === technique)?.gapReasons,
  }

  async function publishAndWait(count: number): Promise<string> {
    await publisher.publish(count)
    const { top } = publisher
    await allReach(readers, top).catch(() => {})
    for (const reader of readers)
      if (!hasReached(top)(reader))
        late.push({ technique: reader.name, sentence: `${reader.name} did not reach ${top}` })
    return top
  }
}

function startBehind({ host }: ReverseProxy, port?: number): Promise<ServerProcess> {
  return startServerProcess({
    ...(port !== undefined && { port }),
    policy: SERVER_TIMES,
    token: TOKEN,
    args: [...SILENT_SERVER, '--trust-proxy', '127.0.0.1', '--allow-host', host],
  })
}
