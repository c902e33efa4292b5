/** Reads a known answer: pairs of trials, with what is injected and without, until the reading is narrow enough. */
import { median } from 'simple-statistics'
import type { Interval } from '../../server/protocol/run.ts'
import type { Trial } from '../judge/result.ts'
import { bootstrapMedian } from '../judge/statistics/bootstrap.ts'
import { crossed } from '../processes/pinning.ts'
import { createRandom } from '../processes/random.ts'
import type { Expected, KnownAnswer, Surroundings } from './known-answers.ts'
import type { Claim, Reading } from './reading.ts'

export interface Pair {
  readonly injected: Trial
  readonly plain: Trial
}

/** No further pair is begun after that. */
const PATIENCE_MS = 75_000

/** One reading for each that is expected. Rejects when a trial fails. */
export async function takeReadings(
  answer: KnownAnswer,
  surroundings: Omit<Surroundings, 'seed'>,
): Promise<Reading[]> {
  const [least, most] = answer.pairs
  const pairs: Pair[] = []
  const readAll = () => answer.expected.map(expected => read(expected, pairs))
  const giveUpMs = performance.now() + PATIENCE_MS
  const worthwhile = () =>
    performance.now() < giveUpMs && readAll().some(({ verdict }) => verdict === 'too noisy')
  while (pairs.length < least || (pairs.length < most && worthwhile())) pairs.push(await runPair())
  return readAll()

  /**
   * At the same time: what disturbs the machine meanwhile disturbs both, and the difference is left alone. A server
   * that shares its core with its own load is woken out of its writes by it, and pays for that; left to themselves,
   * one of the two would more often than the other.
   */
  async function runPair(): Promise<Pair> {
    const setting = { ...surroundings, seed: pairs.length + 1 }
    const onTheOthers = { ...setting, pinning: crossed(setting.pinning) }
    const [ofInjected, ofPlain] = pairs.length % 2 === 0 ? [setting, onTheOthers] : [onTheOthers, setting]
    const [injected, plain] = await Promise.all([
      answer.trial(true, ofInjected),
      answer.trial(false, ofPlain),
    ])
    return { injected, plain }
  }
}

/** Of pairs that were taken. */
export function read(expected: Expected, pairs: readonly Pair[]): Reading {
  const { figure, ...said } = expected
  const injected = pairs.map(pair => figure(pair.injected))
  const plain = pairs.map(pair => figure(pair.plain))
  const effects = injected.map((value, index) => value - (plain[index] ?? Number.NaN))
  const values = expected.kind === 'effect' ? effects : injected
  const value = median(values)
  const interval = bootstrapMedian(values, createRandom(1))
  return {
    ...said,
    read: value,
    interval,
    without: expected.kind === 'effect' ? median(differences(plain)) : median(plain),
    pairs: pairs.length,
    verdict: judge(expected, value, interval),
  }
}

/** Right needs an interval as narrow as the tolerance, wrong one that is nowhere right. Else more pairs may tell. */
function judge(expected: Expected, value: number, interval: Interval | null): Reading['verdict'] {
  const right = isAsInjected(expected, value)
  if (interval === null) return right ? 'as injected' : 'not as injected'
  const { injected, tolerance } = expected
  if (interval.low > injected + tolerance || interval.high < injected - tolerance) return 'not as injected'
  return right && interval.high - interval.low <= 2 * tolerance ? 'as injected' : 'too noisy'
}

export function isAsInjected({ injected, tolerance }: Claim, value: number): boolean {
  return Math.abs(value - injected) <= tolerance
}

/** Between neighbours, none of which has anything injected: an effect of nothing. */
function differences(figures: readonly number[]): number[] {
  return figures.slice(1).map((figure, index) => figure - (figures[index] ?? Number.NaN))
}
