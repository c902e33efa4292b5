/** Two instruments on one thing: whether they agree, and where they do not, what was seen to differ. */
import { median } from 'simple-statistics'
import { type Check, percent } from './checks.ts'

/** One round of one instrument. */
export interface Round {
  readonly perSecond: number
  readonly serverCpuUsPerPoll: number
  readonly serverUtilization: number
  /** How often the load process went to sleep, per poll. */
  readonly loadSleepsPerPoll: number
}

/** Rounds taken in pairs, one of each instrument straight after the other. */
export interface Rounds {
  readonly cannon: readonly Round[]
  readonly fleet: readonly Round[]
}

/** How far two instruments may lie apart. */
const AGREEMENT = 0.1
/** Closer than this, two costs are the same. */
const SAME_COST = 0.05

/** By pairs, since the machine is not as fast in one second as in the next. */
export function ratioOf({ cannon, fleet }: Rounds): number {
  return median(pairRatios({ cannon, fleet }))
}

export function middleOf(rounds: readonly Round[]): Round {
  const middle = (of: (round: Round) => number) => median(rounds.map(of))
  return {
    perSecond: middle(({ perSecond }) => perSecond),
    serverCpuUsPerPoll: middle(({ serverCpuUsPerPoll }) => serverCpuUsPerPoll),
    serverUtilization: middle(({ serverUtilization }) => serverUtilization),
    loadSleepsPerPoll: middle(({ loadSleepsPerPoll }) => loadSleepsPerPoll),
  }
}

export function checkAgreement(rounds: Rounds): Check {
  const ratio = ratioOf(rounds)
  const agree = Math.abs(ratio - 1) <= AGREEMENT
  return {
    name: 'autocannon and the fleet agree',
    value: ratio,
    threshold: `flagged beyond ${percent(AGREEMENT)}`,
    verdict: agree ? 'ok' : 'flagged',
    reason: agree ? null : describe(rounds, ratio),
    concerns: ['throughput-cannon', 'throughput-fleet', 'instruments-agree'],
  }
}

function describe(rounds: Rounds, ratio: number): string {
  const ratios = pairRatios(rounds)
  const [cannon, fleet] = [middleOf(rounds.cannon), middleOf(rounds.fleet)]
  return [
    `autocannon got ${cannon.perSecond.toFixed(0)} polls/s, the fleet ${fleet.perSecond.toFixed(0)}, medians of ${ratios.length} rounds each; pair by pair the median is ×${ratio.toFixed(2)} (×${Math.min(...ratios).toFixed(2)} to ×${Math.max(...ratios).toFixed(2)}).`,
    `A poll cost the server ${cannon.serverCpuUsPerPoll.toFixed(0)} and ${fleet.serverCpuUsPerPoll.toFixed(0)} µs of CPU, and its core was busy ${percent(cannon.serverUtilization)} and ${percent(fleet.serverUtilization)} of the time.`,
    explain(cannon, fleet),
  ].join(' ')
}

/**
 * An answer that finds the load process asleep has to wake it, and the server pays for that. Whether it is asleep is a
 * matter of pace: one that is nearly full never sleeps, one with time to spare may sleep before each answer. (Kept awake
 * by force, in rounds by turns, it made a poll 16 to 29 % cheaper for the server with the fleet, 10 to 17 % with
 * autocannon.) This is said only where the rounds show it; otherwise the cause is not known.
 */
function explain(cannon: Round, fleet: Round): string {
  const sleeps = `The load process went to sleep ${cannon.loadSleepsPerPoll.toFixed(2)} and ${fleet.loadSleepsPerPoll.toFixed(2)} times per poll`
  const costs = fleet.serverCpuUsPerPoll / cannon.serverCpuUsPerPoll - 1
  const slept = fleet.loadSleepsPerPoll - cannon.loadSleepsPerPoll
  if (Math.abs(costs) <= SAME_COST)
    return `${sleeps}; the polls cost the same, so it was the pace of asking that differed.`
  return costs * slept > 0
    ? `${sleeps}, and waking it for an answer is the server's work: that may be why the instrument that slept more had the dearer polls.`
    : `${sleeps}, which does not explain it: the cause is not known.`
}

function pairRatios({ cannon, fleet }: Rounds): number[] {
  return cannon.map(({ perSecond }, index) => perSecond / (fleet[index]?.perSecond ?? Number.NaN))
}
