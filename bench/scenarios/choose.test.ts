import { describe, expect, test } from 'vitest'
import { type BenchOptions, parseOptions } from '../options.ts'
import { chooseScenarios, NothingToRun } from './choose.ts'
import type { Scenario, ScenarioId } from './scenario.ts'

function optionsOf(line: string): BenchOptions {
  const parsed = parseOptions(line === '' ? [] : line.split(' '))
  if (!('options' in parsed)) throw new Error(parsed.stderr)
  return parsed.options
}

const choose = (line: string) => chooseScenarios(optionsOf(line))

function chosen(line: string, id: ScenarioId): Scenario {
  const scenario = choose(line).scenarios.find(scenario => scenario.id === id)
  if (scenario === undefined) throw new Error(`${id} was not chosen`)
  return scenario
}

/** Each arm with its place and the readers that it runs with. */
function armsOf({ arms, axes }: Scenario): string[] {
  return arms.map(({ arm, as, at }) => {
    const { readers } = { ...axes.quick, ...at?.axes } as { readonly readers?: number }
    return `${arm}${as === undefined ? '' : ` as ${as}`} at ${at?.label ?? 'no place'}, ${readers}`
  })
}

describe('readers', () => {
  test('of one number are an axis of the whole scenario', () => {
    expect(armsOf(chosen('--scenario delivery --technique sse --clients 50', 'delivery'))).toEqual([
      'sse at no place, 50',
      'tcp as sse at no place, 50',
    ])
  })

  test('of several are places, of each technique and of its floor', () => {
    expect(armsOf(chosen('--scenario delivery --technique sse --clients 100,1000', 'delivery'))).toEqual([
      'sse at 100 readers, 100',
      'tcp as sse at 100 readers, 100',
      'sse at 1,000 readers, 1000',
      'tcp as sse at 1,000 readers, 1000',
    ])
  })

  test('stand beside the place on an axis that the scenario sweeps itself', () => {
    const { arms } = chosen('--scenario distance --technique sse --clients 1,2', 'distance')
    expect(arms.map(({ at }) => at).slice(3, 5)).toEqual([
      { label: 'RTT 200 ms, 1 reader', axes: { distanceMs: 100, readers: 1 } },
      { label: 'RTT 0 ms, 2 readers', axes: { distanceMs: 0, readers: 2 } },
    ])
  })

  test('of the command line win where each arm has its own', () => {
    expect(armsOf(chosen('--scenario large-fan-out --clients 500', 'large-fan-out'))).toEqual([
      'sse at 500 readers, 500',
      'websocket at 500 readers, 500',
      'long-poll at 500 readers, 500',
    ])
  })
})

describe('axes are said to be changed', () => {
  test.each([
    ['--scenario delivery,sparse --clients 50', ['delivery', 'sparse']],
    ['--scenario delivery,burst --clients 50', ['delivery']],
    ['--scenario delivery,burst --payload 64', ['delivery', 'burst']],
    ['--scenario large-fan-out --clients 10000', ['large-fan-out']],
  ])('%s: of %j', (line, changed) => {
    expect(choose(line).changed).toEqual(changed)
  })

  test.each([
    ['--scenario burst --clients 50'],
    ['--scenario idle,connections --rate 5'],
    ['--scenario delivery --clients 200 --rate 60 --payload 128'],
    ['--scenario large-fan-out --technique sse --clients 10000'],
    [''],
  ])('%s: of none', line => {
    expect(choose(line).changed).toEqual([])
  })
})

test('a scenario that measures none of the techniques is left out, and said to be', () => {
  const { scenarios, skipped } = choose('--scenario delivery,slow-reader --technique poll')
  expect(scenarios.map(({ id }) => id)).toEqual(['delivery'])
  expect(skipped).toEqual(['Left out: slow-reader measures sse and websocket only.'])
})

test('a selection that leaves nothing is refused', () => {
  expect(() => choose('--scenario throughput --technique sse')).toThrow(NothingToRun)
  expect(() => choose('--scenario throughput --technique sse')).toThrow(
    'Nothing is left to run. Left out: throughput measures poll only.',
  )
})

test('of a server elsewhere there are neither floors nor a link, and the pace of the warm-up is that of the trial', () => {
  const { scenarios, skipped } = choose('--url http://127.0.0.1:1 --scenario delivery,distance,burst')
  expect(scenarios.map(({ id }) => id)).toEqual(['delivery'])
  expect(scenarios[0]?.arms.every(({ as }) => as === undefined)).toBe(true)
  expect(scenarios[0]?.axes.quick).toMatchObject({ warmUpFactor: 1 })
  expect(skipped).toHaveLength(2)
})
