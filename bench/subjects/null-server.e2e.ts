import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import { createFleet } from '../fleet/fleet.ts'
import { COMPILED_BENCH } from '../processes/child.ts'
import { createCaller } from '../processes/rpc.ts'
import type { NullServerCommands } from './null-server.ts'

const READERS = 8
const cleanup: (() => unknown)[] = []

afterEach(async () => {
  for (const end of cleanup.splice(0)) await end()
})

for (const technique of TECHNIQUES) {
  test(`${technique}: the fleet reads all that the null server sends, one by one and many at once`, async () => {
    const child = fork(fileURLToPath(new URL('subjects/null-server.js', COMPILED_BENCH)), { stdio: 'ignore' })
    cleanup.push(async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    })
    const call = createCaller<NullServerCommands>(child, 'the null server', 10_000)
    const port = await call('null.listen', { technique, payloadBytes: 128 })
    const fleet = createFleet({
      kind: technique,
      port,
      readers: READERS,
      sentinels: 4,
      pollIntervalMs: 1,
      seed: 1,
      blindCursor: null,
      clock: { at: Date.now(), monotonicNs: process.hrtime.bigint().toString() },
    })
    cleanup.push(fleet.cut)
    await fleet.open({ count: READERS, atOnce: 4 })
    await call('null.flood', { rounds: 10, eventsAtOnce: 1 })
    await expect.poll(() => fleet.counts().lowestPlace, { timeout: 5_000 }).toBe(10)
    await call('null.flood', { rounds: 2, eventsAtOnce: 16 })
    await expect.poll(() => fleet.counts().lowestPlace, { timeout: 5_000 }).toBe(42)
    const { delivered, missing, repeated, disordered } = fleet.counts()
    expect({ delivered, missing, repeated, disordered }).toEqual({
      delivered: READERS * 42,
      missing: 0,
      repeated: 0,
      disordered: 0,
    })
    expect(fleet.latencies().samples).toBe(4 * 42)
    expect(fleet.failures()).toEqual([])
  })
}
