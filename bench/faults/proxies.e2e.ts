import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { judge } from './ledger.ts'
import { createLedgerBook } from './ledger-book.ts'
import { createPublisher } from './publisher.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
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
import { allAt } from './testing/stage.ts'
import { HEALING_MS, SERVER_TIMES } from './times.ts'
import { isAt, openWitness } from './witness.ts'

const PROXIES = [NGINX, NGINX_WITH_KEEPALIVE, HAPROXY, CADDY]
const TOKEN = 'of-the-publisher'

for (const sentence of new Set(PROXIES.map(missing)))
  if (sentence !== null) process.stderr.write(`${sentence}\n`)

/** Each proxy stands before a server and four readers of its own; all of them at once. */
describe('proxies as their documentation shows them first', () => {
  const journeys = new Map<ProxyProgram, Promise<ProxiedConnection>>()
  const ending: (() => unknown)[] = []

  beforeAll(async () => {
    for (const program of PROXIES)
      if (missing(program) === null)
        journeys.set(
          program,
          travel(program, end => ending.push(end)),
        )
    // Whichever fails does so in its own cells.
    await Promise.allSettled(journeys.values())
  }, 120_000)

  afterAll(async () => {
    for (const end of ending.reverse()) await end()
  })

  for (const program of PROXIES)
    for (const technique of TECHNIQUES)
      it.skipIf(missing(program) !== null)(
        `${technique} behind ${program.name} loses nothing when the proxy reloads or restarts, nor when the server does`,
        async () => {
          const journey = await journeys.get(program)
          expect(journey?.violationsOf(technique)).toEqual([])
          // It is told that the server restarted, and of no other gap.
          expect(journey?.gapsOf(technique)).toEqual(['epoch'])
        },
      )
})

interface ProxiedConnection {
  violationsOf(technique: Technique): readonly string[]
  gapsOf(technique: Technique): readonly string[] | undefined
}

async function travel(
  program: ProxyProgram,
  onEnd: (end: () => unknown) => void,
): Promise<ProxiedConnection> {
  const book = createLedgerBook(() => performance.now())
  const numbers = { next: 1 }
  const late: string[] = []
  const proxy = await createProxy(program)
  onEnd(proxy.stop)
  let server = await startBehind(proxy)
  onEnd(() => server.kill())
  let publisher = createPublisher(book, server.append, numbers)
  const { log } = await server.stats()
  const from = `${log.epoch}-${log.top}`
  await proxy.start(server.port)
  const witnesses = TECHNIQUES.map(technique =>
    openWitness(book, technique, { technique, origin: proxy.origin, from }),
  )
  for (const { reader } of witnesses) onEnd(() => reader.close())
  // A single event, and none after it: it must not wait in a buffer.
  await arrives(1)

  const stop = publisher.every(10)
  await proxy.reload()
  await arrives(20)
  await proxy.start(server.port)
  await arrives(20)
  await stop()
  await arrives(1)

  await server.kill('SIGTERM')
  server = await startBehind(proxy, server.port)
  publisher = createPublisher(book, server.append, numbers)
  book.healed(await arrives(20), HEALING_MS)

  return {
    violationsOf: technique => [
      ...late.filter(sentence => sentence.startsWith(`${technique} `)),
      ...judge(book.read()).flatMap(({ subscriber, sentence }) =>
        subscriber === technique ? [sentence] : [],
      ),
    ],
    gapsOf: technique => witnesses.find(({ name }) => name === technique)?.gaps,
  }

  async function arrives(count: number): Promise<string> {
    await publisher.publish(count)
    const { top } = publisher
    await allAt(witnesses, top).catch(() => {})
    for (const witness of witnesses)
      if (!isAt(top)(witness)) late.push(`${witness.name} did not come to ${top}`)
    return top
  }
}

function startBehind({ host }: ReverseProxy, port?: number): Promise<ServerProcess> {
  return startServerProcess({
    ...(port !== undefined && { port }),
    policy: SERVER_TIMES,
    token: TOKEN,
    args: ['--trust-proxy', '127.0.0.1', '--allow-host', host],
  })
}
