import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'vitest'
import { DOORS, type Technique } from '../../../server/protocol.ts'
import type { StartedLab } from '../../../server/start-lab.ts'
import type { Scenario } from '../scenario.ts'
import { until } from '../until.ts'

const CYCLES = 2500
const AT_ONCE = 25
const LOOKS = 30
const HEAP_MAY_GROW_BYTES = 1024 * 1024

/** Readers who come and go. */
export const churnFault = {
  async churn(stage) {
    // A window so small that the log does not grow meanwhile.
    const window = { keepEvents: 50, keepSeconds: 120, keepBytes: 16_777_216 }
    const { lab, origin, publisher } = await stage.lab({ window })
    await publisher.publish(20, 500)
    const port = Number(new URL(origin).port)
    const place = `${lab.log.epoch}-${lab.log.top}`
    const kinds = requests(stage.technique, port, place)
    // Whatever is made once and kept is made by the first round.
    await churn(CYCLES / 5)
    const before = await rest(lab)
    await churn(CYCLES)
    const after = await rest(lab)
    expect(lab.rooms[stage.technique].readers).toBe(0)
    expect(lab.meter.allSockets()).toEqual([])
    expect(after.resources).toEqual(before.resources)
    expect(after.heapBytes - before.heapBytes).toBeLessThan(HEAP_MAY_GROW_BYTES)

    async function churn(cycles: number): Promise<void> {
      const stop = publisher.every(10, 100)
      await cycle(kinds, port, cycles)
      await stop()
    }
  },
} satisfies Record<string, Scenario>

/** What readers of a technique say when they come: with a place and without, and for a poll also to be held. */
function requests(technique: Technique, port: number, place: string): readonly string[] {
  const upgrade =
    technique === 'websocket'
      ? 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
      : ''
  const wait = technique === 'long-poll' ? '&wait=55' : ''
  return [`cursor=${place}${wait}`, `cursor=now${wait}`, `cursor=earliest${wait}`].map(
    query => `GET ${DOORS[technique]}?${query} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${upgrade}\r\n`,
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

/** What there is once everything that was let go has gone. */
async function rest(lab: StartedLab['lab']) {
  await until('end of all sockets', () => lab.meter.allSockets().length === 0, 10_000)
  const resources = await lastingResources()
  collectGarbage()
  return { resources, heapBytes: process.memoryUsage().heapUsed }
}

/** What keeps the event loop busy, by kind: the least that was seen for a while, since the test runner has timers, too. */
async function lastingResources(): Promise<Record<string, number>> {
  const looks: Map<string, number>[] = []
  for (let look = 0; look < LOOKS; look += 1) {
    const counts = new Map<string, number>()
    for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    looks.push(counts)
    await delay(25)
  }
  const kinds = new Set(looks.flatMap(counts => [...counts.keys()]))
  const least = [...kinds].map((kind): [string, number] => [
    kind,
    Math.min(...looks.map(counts => counts.get(kind) ?? 0)),
  ])
  return Object.fromEntries(least.filter(([, count]) => count > 0))
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') for (let round = 0; round < 3; round += 1) collect()
}
