import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { type Technique, TRAITS } from '../../../../server/protocol/techniques.ts'
import { askAlone } from '../../commands.ts'
import type { Measurement } from '../../probe.ts'
import type { ServerProcess } from '../../server-process.ts'
import { limitMs, scaledCount } from '../../times.ts'
import { until } from '../../until.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

/** Of each of two rounds: 10,000 over all techniques. */
const CYCLES = scaledCount(5000, 1250)
const AT_ONCE = 25
const HEAP_MAY_GROW_BYTES = 1024 * 1024

/** Readers who come and go. */
export const churnFault = {
  async churn(stage) {
    // A window so small that the log does not grow meanwhile.
    const server = await stage.server({
      args: ['--keep-events', '50', '--source', 'synthetic', '--rate', '0'],
    })
    await askAlone(server.origin, '/api/burst', 'POST', { count: 20 })
    const idle = await settled(server)
    // Whatever is made once and kept is made by the first round.
    await churn(CYCLES)
    const before = await rest(server, idle)
    await churn(CYCLES)
    const after = await rest(server, idle)
    expect(countKinds(after.resources)).toEqual(countKinds(idle.resources))
    expect(after.heapUsedBytes - before.heapUsedBytes).toBeLessThan(HEAP_MAY_GROW_BYTES)
    await expectNobodyLeft(stage)

    /** First under events, then in a silence, in which nothing but their own end lets go of those who are held. */
    async function churn(cycles: number): Promise<void> {
      for (const rate of [100, 0]) {
        await askAlone(server.origin, '/api/source', 'PUT', { rate })
        const { log } = await server.stats()
        const kinds = requests(stage.technique, server.port, `${log.epoch}-${log.top}`)
        await cycle(kinds, server.port, cycles / 2)
      }
    }
  },
} satisfies Record<string, Scenario>

/** The same where the rooms themselves can be asked who is there. */
async function expectNobodyLeft(stage: Stage): Promise<void> {
  const { lab, origin, publisher } = await stage.lab()
  await publisher.publish(20)
  const kinds = requests(stage.technique, Number(new URL(origin).port), `${lab.log.epoch}-${lab.log.top}`)
  await cycle(kinds, Number(new URL(origin).port), CYCLES / 10)
  const left = () => [lab.meter.allSockets().length, lab.techniques[stage.technique].readers]
  await until('end of all sockets and readers', () => Math.max(...left()) === 0, limitMs(20_000), left)
}

/** What readers of a technique say when they come: with a place and without, and for a poll also to be held. */
function requests(technique: Technique, port: number, place: string): readonly string[] {
  const upgrade =
    technique === 'websocket'
      ? 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
      : ''
  const wait = technique === 'long-poll' ? '&wait=55' : ''
  return [`cursor=${place}${wait}`, `cursor=now${wait}`, `cursor=earliest${wait}`].map(
    query =>
      `GET ${TRAITS[technique].endpoint}?${query} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${upgrade}\r\n`,
  )
}

async function cycle(kinds: readonly string[], port: number, cycles: number): Promise<void> {
  let left = cycles
  await Promise.all(Array.from({ length: AT_ONCE }, comeAndGo))

  async function comeAndGo(): Promise<void> {
    while (left > 0) {
      left -= 1
      const turn = left
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.resume().write(kinds[turn % kinds.length] ?? '')
      // Some leave before they are heard, some in the middle of the answer, some after it.
      if (turn % 4 === 0) await once(socket, 'connect')
      else if (turn % 4 === 1) await Promise.race([once(socket, 'data'), delay(5)])
      else await delay(turn % 4)
      if (turn % 2 === 0) socket.resetAndDestroy()
      else socket.destroy()
      if (!socket.closed) await once(socket, 'close')
    }
  }
}

/** What there is when nobody is there: twice the same, since a timer of the source may just have been under way. */
async function settled(server: ServerProcess): Promise<Measurement> {
  let before = await server.measure()
  for (;;) {
    await delay(100)
    const now = await server.measure()
    if (isDeepStrictEqual(countKinds(now.resources), countKinds(before.resources))) return now
    before = now
  }
}

/** What there is once everything that was let go has gone: the same as at the beginning, or what is left over. */
async function rest(server: ServerProcess, idle: Measurement): Promise<Measurement> {
  const giveUpMs = performance.now() + limitMs(20_000)
  for (;;) {
    await delay(100)
    const now = await server.measure()
    const back = isDeepStrictEqual(countKinds(now.resources), countKinds(idle.resources))
    if (back || performance.now() > giveUpMs) return now
  }
}

function countKinds(kinds: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
