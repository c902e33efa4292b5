import { expect, test } from 'vitest'
import { checkLimit, judgeProbe, type Probe, type ProbeOutcome } from '../judge/capacity-limit.ts'
import { lagGrowthMs, search } from './capacity.ts'

const AXES = { firstEventsPerSecond: 50, resolution: 0.05, limitP99Ms: 100 }

const probes = (limit: number) => search(async rate => ({ rate, passed: rate <= limit, isVoid: false }), AXES)

const SOUND: ProbeOutcome = {
  publishedMs: 1_600,
  complete: true,
  delivered: 160_000,
  p99Ms: 12,
  lagGrowthMs: 1,
  drainMs: 60,
  cpuMs: 800,
  loadUtilization: 0.3,
  stealShare: 0,
}

/** A server that keeps up with `limit` events per second, and beyond it shows `differences`. */
const probesOf = (limit: number, differences: Partial<ProbeOutcome> = {}): Promise<Probe[]> =>
  search(
    async rate =>
      judgeProbe({ ...SOUND, ...(rate > limit ? { p99Ms: 900, ...differences } : {}) }, rate, AXES),
    AXES,
  )

test.each([50, 51, 99, 1_337, 60_000])('a limit of %d is found to 5 %%', async limit => {
  const found = await probes(limit)
  const best = found.filter(({ passed }) => passed).at(-1)?.rate ?? 0
  expect(best).toBeLessThanOrEqual(limit)
  expect(best).toBeGreaterThanOrEqual(limit * 0.95)
  expect(found.some(({ passed }) => !passed)).toBe(true)
})

test('a search that never fails ends after twenty rates, and one that never passes when its rate is near zero', async () => {
  const endless = await probes(Number.POSITIVE_INFINITY)
  expect(endless.map(({ rate }) => rate)).toEqual(Array.from({ length: 20 }, (_, index) => 50 * 2 ** index))
  const hopeless = await probes(0)
  expect(hopeless).toHaveLength(20)
  expect(hopeless.at(-1)?.rate).toBeLessThan(0.001)
})

test('a rate that failed once has failed, and no second try of it is made', async () => {
  const tried: number[] = []
  const found = await search(async rate => {
    tried.push(rate)
    return { rate, passed: rate < 100 || tried.filter(one => one === rate).length > 1, isVoid: false }
  }, AXES)
  expect(found).toHaveLength(tried.length)
  expect(new Set(tried).size).toBe(tried.length)
  expect(Math.max(...found.filter(({ passed }) => passed).map(({ rate }) => rate))).toBeLessThan(100)
})

test('a void failure is recorded and tried again, twice at most', async () => {
  let stalls = 1
  const found = await search(async rate => {
    const isVoid = rate === 100 && stalls-- > 0
    return { rate, passed: !isVoid && rate <= 100, isVoid: isVoid || rate === 200 }
  }, AXES)
  expect(found.slice(0, 6).map(({ rate, passed }) => [rate, passed])).toEqual([
    [50, true],
    [100, false],
    [100, true],
    [200, false],
    [200, false],
    [200, false],
  ])
})

test('deliveries are counted by the time for which the source was really on', () => {
  expect(judgeProbe(SOUND, 1_000, AXES)).toMatchObject({ passed: true, deliveriesPerSecond: 100_000 })
})

test.each<[string, Partial<ProbeOutcome>]>([
  ['an event lost', { complete: false }],
  ['late events', { p99Ms: 101 }],
  ['a queue that grows', { lagGrowthMs: 25 }],
  ['much left at the end', { drainMs: 201 }],
  ['a busy load process', { loadUtilization: 0.86 }],
])('%s: the rate is too much, or nothing is known while the host takes time', (_name, differences) => {
  expect(judgeProbe({ ...SOUND, ...differences }, 1_000, AXES)).toMatchObject({
    passed: false,
    isVoid: false,
  })
  expect(judgeProbe({ ...SOUND, ...differences, stealShare: 0.05 }, 1_000, AXES)).toMatchObject({
    passed: false,
    isVoid: true,
  })
  expect(judgeProbe({ ...SOUND, stealShare: 0.05 }, 1_000, AXES)).toMatchObject({
    passed: true,
    isVoid: false,
  })
})

/** A probe of 1.5 s at 1,000 events/s, of which the readers get so many per second. */
function served(eventsPerSecond: number, jitterMs = 0): { intendedAt: number[]; lastReadAt: number[] } {
  const intendedAt = Array.from({ length: 1_500 }, (_, index) => 5_000 + index)
  const lastReadAt = intendedAt.map(
    (at, index) =>
      at + 2 + index * Math.max(0, 1_000 / eventsPerSecond - 1) + jitterMs * Math.abs(Math.sin(index)),
  )
  return { intendedAt, lastReadAt }
}

test('a queue that grows shows by 5 % too much, though the 99th percentile is still within the limit', () => {
  const overloaded = served(952)
  expect(
    Math.max(...overloaded.lastReadAt.map((at, index) => at - (overloaded.intendedAt[index] ?? 0))),
  ).toBeLessThan(100)
  expect(judgeProbe({ ...SOUND, lagGrowthMs: lagGrowthMs(overloaded) }, 1_000, AXES).passed).toBe(false)
  expect(judgeProbe({ ...SOUND, lagGrowthMs: lagGrowthMs(served(1_000, 47)) }, 1_000, AXES).passed).toBe(true)
})

test('a queue that was there at half-time already, or one stall, is no growth', () => {
  const { intendedAt, lastReadAt } = served(1_000)
  expect(lagGrowthMs({ intendedAt, lastReadAt: lastReadAt.map(at => at + 80) })).toBe(0)
  const stalled = lastReadAt.map((at, index) => (index > 1_300 && index < 1_380 ? 5_000 + 1_380 : at))
  expect(lagGrowthMs({ intendedAt, lastReadAt: stalled })).toBeLessThan(1)
  expect(lagGrowthMs({ intendedAt: [], lastReadAt: [] })).toBe(0)
})

test('what was not the server is told: the load process or the host was the limit', async () => {
  const verdicts = async (differences: Partial<ProbeOutcome>, limit = 1_000) =>
    checkLimit(await probesOf(limit, differences)).map(({ code, verdict }) => `${code} ${verdict}`)
  expect(await verdicts({})).toEqual(['limit-found ok', 'generator-bound ok'])
  expect(await verdicts({ loadUtilization: 0.75 })).toEqual(['limit-found ok', 'generator-bound flagged'])
  expect(await verdicts({ loadUtilization: 0.9 })).toEqual([
    'load-limits-capacity flagged',
    'generator-bound ok',
  ])
  expect(await verdicts({ stealShare: 0.05 })).toEqual(['host-limits-capacity flagged', 'generator-bound ok'])
  expect(await verdicts({}, 0)).toEqual(['no-rate-passed refused'])
  expect(await verdicts({ stealShare: 0.05 }, 0)).toEqual(['host-took-first-rate refused'])
  expect(await verdicts({}, Number.POSITIVE_INFINITY)).toEqual([
    'no-rate-failed refused',
    'generator-bound ok',
  ])
})

test('where server and load process are both full, neither is named as the limit; the cost of a delivery is no bound', async () => {
  const foundWith = async (cpuMs: number) =>
    checkLimit(await probesOf(1_000, { loadUtilization: 0.9, cpuMs }))[0]
  expect((await foundWith(800))?.params['serverFull']).toBe(false)
  expect((await foundWith(1_640))?.params['serverFull']).toBe(true)
  expect((await foundWith(800))?.concerns).not.toContain('capacity-cpu')
})
