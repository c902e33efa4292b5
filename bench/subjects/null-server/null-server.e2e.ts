import { fork } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { TECHNIQUES } from '../../../server/protocol/techniques.ts'
import { createFleet, type Fleet } from '../../fleet/fleet.ts'
import { createAsk } from '../../processes/rpc.ts'
import type { NullServerCommands } from '../null-server.ts'

const READERS = 8
const cleanup: (() => unknown)[] = []

afterEach(async () => {
  for (const end of cleanup.splice(0)) await end()
})

for (const technique of TECHNIQUES) {
  test(`${technique}: the fleet reads all that the null server pours out, one by one and many at once`, async () => {
    const child = fork('dist/bench/subjects/null-server.js', { stdio: 'ignore' })
    cleanup.push(async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    })
    const ask = createAsk<NullServerCommands>(child, 'the null server', 10_000)
    const port = await ask('null.listen', { technique, payloadBytes: 128 })
    const fleet: Fleet = createFleet({
      kind: technique,
      port,
      readers: READERS,
      sentinels: 4,
      pollIntervalMs: 1,
      seed: 1,
      blindCursor: null,
      clock: { at: Date.now(), monotonicNs: process.hrtime.bigint().toString() },
    })
    cleanup.push(fleet.close)
    await fleet.open(READERS, 4)
    await ask('null.flood', { rounds: 10, eventsAtOnce: 1 })
    await expect.poll(() => fleet.counts().lowestPlace, { timeout: 5_000 }).toBe(10)
    await ask('null.flood', { rounds: 2, eventsAtOnce: 16 })
    await expect.poll(() => fleet.counts().lowestPlace, { timeout: 5_000 }).toBe(42)
    const { delivered, missing, repeated, disordered } = fleet.counts()
    expect({ delivered, missing, repeated, disordered }).toEqual({
      delivered: READERS * 42,
      missing: 0,
      repeated: 0,
      disordered: 0,
    })
    expect(fleet.latencies().samples).toBe(4 * 42)
    expect(fleet.failures).toEqual([])
  })
}
