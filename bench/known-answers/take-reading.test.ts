import { expect, test } from 'vitest'
import { trialOf } from '../judge/testing/simulated-run.ts'
import type { Expected } from './known-answers.ts'
import { read } from './take-reading.ts'

const EXPECTED: Expected = {
  of: 'cpu-per-delivery',
  unit: 'µs',
  injected: 5,
  tolerance: 1,
  kind: 'effect',
  figure: trial => trial.values['cpu-per-delivery'] ?? Number.NaN,
}

/** Pairs of [injected, plain]. */
function readOf(pairs: readonly (readonly [number, number])[]) {
  const trial = (us: number) => trialOf({ values: { 'cpu-per-delivery': us } })
  return read(
    EXPECTED,
    pairs.map(([injected, plain]) => ({ injected: trial(injected), plain: trial(plain) })),
  )
}

test('an effect is the median over pairs, and with nothing injected that between neighbours', () => {
  expect(
    readOf([
      [15, 10],
      [25.5, 20],
      [14.8, 10],
    ]),
  ).toMatchObject({
    read: 5,
    without: 0,
    pairs: 3,
    verdict: 'as-injected',
  })
})

test('an effect that is not there is read as not there', () => {
  expect(
    readOf([
      [10.1, 10],
      [20, 20],
      [14.8, 15],
    ]),
  ).toMatchObject({ verdict: 'not-as-injected' })
})

test('pairs that lie too far apart say neither, although their median is right', () => {
  expect(
    readOf([
      [15, 10],
      [29, 20],
      [11, 10],
    ]),
  ).toMatchObject({ read: 5, verdict: 'too-noisy' })
})

test('pairs that are all wrong are an answer, however far apart they lie', () => {
  expect(
    readOf([
      [30, 10],
      [29, 20],
      [21, 10],
    ]),
  ).toMatchObject({ verdict: 'not-as-injected' })
})
