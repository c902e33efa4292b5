/** Reads a known answer: pairs of trials, with what is injected and without, until the reading is narrow enough. */
import { median } from 'simple-statistics'
import type { Range } from '../../server/protocol/run.ts'
import type { Trial } from '../judge/result.ts'
import { bootstrapMedian } from '../judge/statistics/bootstrap.ts'
import { crossed } from '../processes/pinning.ts'
import { createRandom } from '../processes/random.ts'
import type { Expected, KnownAnswer, KnownAnswerSetting } from './known-answers.ts'
import type { Claim, KnownReading } from './outcome.ts'

export interface Pair {
  readonly injected: Trial
  readonly plain: Trial
}

/** No further pair is begun after that. */
const PATIENCE_MS = 75_000

/** One reading for each that is expected. Rejects when a trial fails. */
export async function takeReadings(
  answer: KnownAnswer,
  surroundings: Omit<KnownAnswerSetting, 'seed'>,
): Promise<KnownReading[]> {
  const [least, most] = answer.pairs
  const pairs: Pair[] = []
  const readAll = () => answer.expected.map(expected => read(expected, pairs))
  const giveUpMs = performance.now() + PATIENCE_MS
  const worthwhile = () =>
    performance.now() < giveUpMs && readAll().some(({ verdict }) => verdict === 'too-noisy')
  while (pairs.length < least || (pairs.length < most && worthwhile())) pairs.push(await runPair())
  return readAll()

  /**
   * Both trials run at the same time, so that a disturbance of the machine meets both and leaves the difference alone.
   * The pinning is crossed: a server that shares its core with its own load is woken out of its writes by that load and
   * pays for it, and the scheduler would let that happen to one of the two more often than to the other.
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

/** What pairs that were taken say. */
export function read({ figure, ...claim }: Expected, pairs: readonly Pair[]): KnownReading {
  const injected = pairs.map(pair => figure(pair.injected))
  const plain = pairs.map(pair => figure(pair.plain))
  const effects = injected.map((value, index) => value - (plain[index] ?? Number.NaN))
  const values = claim.kind === 'effect' ? effects : injected
  const value = median(values)
  const interval = bootstrapMedian(values, createRandom(1))
  return {
    ...claim,
    read: value,
    interval,
    without: median(claim.kind === 'effect' ? differences(plain) : plain),
    pairs: pairs.length,
    verdict: judge(claim, value, interval),
  }
}

/**
 * It is right with an interval as narrow as the tolerance, and wrong if the interval is nowhere right. In between, more
 * pairs may tell.
 */
function judge(claim: Claim, value: number, interval: Range | null): KnownReading['verdict'] {
  const right = isAsInjected(claim, value)
  if (interval === null) return right ? 'as-injected' : 'not-as-injected'
  const { injected, tolerance } = claim
  if (interval.low > injected + tolerance || interval.high < injected - tolerance) return 'not-as-injected'
  return right && interval.high - interval.low <= 2 * tolerance ? 'as-injected' : 'too-noisy'
}

export function isAsInjected({ injected, tolerance }: Claim, value: number): boolean {
  return Math.abs(value - injected) <= tolerance
}

/** Between neighbours without anything injected: an effect of nothing. */
function differences(figures: readonly number[]): number[] {
  return figures.slice(1).map((figure, index) => figure - (figures[index] ?? Number.NaN))
}
