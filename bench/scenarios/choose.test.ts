import { describe, expect, test } from 'vitest'
import { asksAtIntervals, isStream, TECHNIQUES } from '../../server/protocol/techniques.ts'
import { type BenchOptions, parseOptions } from '../options.ts'
import { chooseScenarios, NothingToRun } from './choose.ts'
import { axesAt, type Scenario, type ScenarioId } from './scenario.ts'

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
    const { readers } = axesAt(axes.quick, at) as { readonly readers?: number }
    return `${arm}${as === undefined ? '' : ` as ${as}`} at ${at?.value ?? 'no place'}, ${readers}`
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
      'sse at 100, 100',
      'tcp as sse at 100, 100',
      'sse at 1000, 1000',
      'tcp as sse at 1000, 1000',
    ])
  })

  test('are a second place beside that on an axis that the scenario sweeps itself', () => {
    const { arms } = chosen('--scenario distance --technique sse --clients 1,2', 'distance')
    expect(arms.map(({ at }) => at).slice(3, 5)).toEqual([
      { axis: 'distanceMs', value: 100, and: { axis: 'readers', value: 1 } },
      { axis: 'distanceMs', value: 0, and: { axis: 'readers', value: 2 } },
    ])
  })

  test('of the command line win where each arm has its own', () => {
    const arms = armsOf(chosen('--scenario large-fan-out --clients 500', 'large-fan-out'))
    expect(arms).toEqual(
      TECHNIQUES.filter(technique => !asksAtIntervals(technique)).map(name => `${name} at 500, 500`),
    )
  })
})

describe('axes are said to be changed', () => {
  test.each([
    ['--scenario delivery,sparse --clients 50', ['delivery', 'sparse']],
    ['--scenario delivery,burst --clients 50', ['delivery']],
    ['--scenario delivery,burst --payload 64', ['delivery', 'burst']],
    ['--scenario large-fan-out --clients 10000', ['large-fan-out']],
  ])('%s: in %j', (line, changed) => {
    expect(choose(line).changed).toEqual(changed)
  })

  test.each([
    ['--scenario burst --clients 50'],
    ['--scenario idle,connections --rate 5'],
    ['--scenario delivery --clients 200 --rate 60 --payload 128'],
    ['--scenario large-fan-out --technique sse --clients 10000'],
    [''],
  ])('%s: in none', line => {
    expect(choose(line).changed).toEqual([])
  })
})

test('a scenario that measures none of the techniques is left out, and reported', () => {
  const { scenarios, skipped } = choose('--scenario delivery,slow-reader --technique poll')
  expect(scenarios.map(({ id }) => id)).toEqual(['delivery'])
  expect(skipped).toEqual([
    {
      code: 'scenario-left-out',
      params: { scenario: 'slow-reader', techniques: TECHNIQUES.filter(isStream) },
    },
  ])
})

test('a selection that leaves nothing is refused', () => {
  const refusal = () => choose('--scenario throughput --technique sse')
  expect(refusal).toThrow(NothingToRun)
  expect(refusal).toThrow(
    expect.objectContaining({
      skipped: [{ code: 'scenario-left-out', params: { scenario: 'throughput', techniques: ['poll'] } }],
    }),
  )
})

test('a server elsewhere has neither floors nor a link, and is warmed up at the pace of the trial', () => {
  const { scenarios, skipped } = choose('--url http://127.0.0.1:1 --scenario delivery,distance,burst')
  expect(scenarios.map(({ id }) => id)).toEqual(['delivery'])
  expect(scenarios[0]?.arms.every(({ as }) => as === undefined)).toBe(true)
  expect(scenarios[0]?.axes.quick).toMatchObject({ warmUpFactor: 1 })
  expect(skipped).toHaveLength(2)
})
