import { describe, expect, test } from 'vitest'
import type { Comparison, Param } from '../../../server/protocol/run.ts'
import {
  claimText,
  factSentence,
  hasSentence,
  limitsText,
  metricTitle,
  placeLabel,
  settingText,
} from './en.ts'

test('names of a run become words, their units go to the values, and packages keep their names', () => {
  const said: readonly (readonly [string, unknown])[] = [
    ['pollIntervalMs', 197],
    ['eventsPerSecond', 30],
    ['payloadBytes', 128],
    ['memoryGB', 24],
    ['tookSeconds', 105],
    ['@fastify/websocket', '11.3.6'],
    ['dirty', false],
    ['virtualisation', null],
    ['distanceMs', null],
    ['steps', [0, 1_000]],
  ]
  expect(said.map(([name, value]) => settingText(name, value).join(' | '))).toEqual([
    'poll interval | 197 ms',
    'events | 30/s',
    'payload | 128 B',
    'memory | 24 GB',
    'took | 105 s',
    '@fastify/websocket | 11.3.6',
    'dirty | no',
    'virtualisation | none',
    'distance | none',
    'steps | 0, 1000',
  ])
})

test('a place is named by its axis, and an axis that has no words of its own by its name', () => {
  const places = [
    { axis: 'distanceMs', value: 50 },
    { axis: 'pollIntervalMs', value: 1_000 },
    { axis: 'readers', value: 10_000 },
    { axis: 'spreadMs', value: 0 },
    { axis: 'spreadMs', value: 2_000 },
    { axis: 'stalled', value: 0 },
    { axis: 'stalled', value: 10 },
    { axis: 'distanceMs', value: 0, and: { axis: 'readers', value: 100 } },
    { axis: 'windowMs', value: 5 },
  ]
  expect(places.map(placeLabel)).toEqual([
    'RTT 100 ms',
    'T 1,000 ms',
    '10,000 readers',
    'at once',
    'over 2 s',
    'all read',
    '10 stopped',
    'RTT 0 ms, 100 readers',
    'window 5 ms',
  ])
})

describe('the sentence for a fact', () => {
  const sentenceOf = (code: string, params: Readonly<Record<string, Param>> = {}) =>
    factSentence({ code, params })

  test('gives numbers of several trials from the smallest to the largest', () => {
    expect(sentenceOf('host-steal', { share: { low: 0.025, high: 0.37 } })).toBe(
      'The host took 2.5–37 % of the machine’s time for others.',
    )
    const drift = (driftShare: Param) => sentenceOf('cost-drifts', { driftShare })
    expect(drift(0.062)).toContain('cost 6.2 % more per delivery')
    expect(drift({ low: -0.32, high: -0.057 })).toContain('cost 5.7–32 % less per delivery')
    expect(drift({ low: -0.05, high: 0.07 })).toContain('cost between 5 % less and 7 % more per delivery')
  })

  test('says of a ratio’s floor that it is about the floor', () => {
    expect(sentenceOf('host-steal', { share: 0.03, of: 'floor' })).toBe(
      'Of the floor: The host took 3 % of the machine’s time for others.',
    )
  })

  test('of a code from a newer version names the code and all that it says', () => {
    expect(hasSentence('moon-phase')).toBe(false)
    expect(sentenceOf('moon-phase', { phase: 'full', share: 0.5 })).toBe(
      'moon-phase (phase full, share 0.5): this version has no sentence for that.',
    )
    expect(metricTitle('moon-phase')).toBe('moon phase')
  })
})

test('limits are said by what happens beyond them, and those that only explain are left out', () => {
  expect(limitsText({ flagFrom: 0.7, refuseFrom: 0.85 })).toBe('flagged from 0.7, refused from 0.85')
  expect(limitsText({ flagBeyond: 0.05, chanceDeviations: 4 })).toBe('flagged beyond ±0.05')
})

describe('a claim', () => {
  const CLAIM = {
    ratio: 1.16,
    interval: { low: 1.12, high: 1.21 },
    zero: null,
    n: 8,
    pValue: 0.008,
    band: Math.log(1.031),
    verdict: 'different',
    obstacle: null,
  } as const
  const claim = (changes: Partial<Comparison>) => claimText({ ...CLAIM, ...changes }, 'SSE')

  test('says by how much, and from the double on how many times', () => {
    expect(claim({})).toBe('16 % more than SSE (12–21 %)')
    expect(claim({ ratio: 0.8, interval: { low: 0.75, high: 0.85 } })).toBe('20 % less than SSE (15–25 %)')
    expect(claim({ ratio: 5.2, interval: { low: 4.9, high: 5.6 } })).toBe('5.2 times that of SSE (4.9–5.6)')
  })

  test('of no difference says what is ruled out: the band, or the interval where that reaches further', () => {
    const none = { verdict: 'no-difference', ratio: 1 } as const
    expect(claim({ ...none, interval: { low: 0.99, high: 1.01 } })).toBe('no difference measured (< 3.1 %)')
    expect(claim({ ...none, interval: { low: 0.7, high: 1.1 } })).toBe('no difference measured (< 43 %)')
  })

  test('needs no ratio where one side is zero', () => {
    const zero = (side: Comparison['zero']) => claim({ zero: side, ratio: null, interval: null })
    expect([zero('arm'), zero('reference'), zero('both')]).toEqual([
      'none, unlike SSE',
      'some, where SSE has none',
      'no difference: both are 0',
    ])
  })
})
