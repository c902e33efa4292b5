/** Two instruments that measure one thing, autocannon and the fleet: what each counts, and whether they agree. */
import { median } from 'simple-statistics'
import type { TrialCheck } from '../../server/protocol/run.ts'
import { check, type Part } from './checks.ts'

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

/** An instrument's answers, and the server's own count of them. */
export interface Counted {
  readonly total: number
  readonly serverCounted: number
}

export interface CannonCounted extends Counted {
  readonly statuses: Readonly<Record<string, number>>
  readonly errors: number
  readonly timeouts: number
  readonly mismatches: number
}

/** Two costs that are closer than this are the same. */
const SAME_COST = 0.05

/** The median over pairs, since the machine is not as fast in one second as in the next. */
export function ratioOf(rounds: Rounds): number {
  return median(pairRatios(rounds))
}

export function medianRound(rounds: readonly Round[]): Round {
  const middle = (of: (round: Round) => number) => median(rounds.map(of))
  return {
    perSecond: middle(({ perSecond }) => perSecond),
    serverCpuUsPerPoll: middle(({ serverCpuUsPerPoll }) => serverCpuUsPerPoll),
    serverUtilization: middle(({ serverUtilization }) => serverUtilization),
    loadSleepsPerPoll: middle(({ loadSleepsPerPoll }) => loadSleepsPerPoll),
  }
}

export function checkAgreement(rounds: Rounds): TrialCheck {
  const ratios = pairRatios(rounds)
  const ratio = median(ratios)
  const [cannon, fleet] = [medianRound(rounds.cannon), medianRound(rounds.fleet)]
  return check('instruments-disagree', ratio - 1, {
    rounds: ratios.length,
    ratio,
    ratioLow: Math.min(...ratios),
    ratioHigh: Math.max(...ratios),
    cannonPerSecond: cannon.perSecond,
    fleetPerSecond: fleet.perSecond,
    cannonCpuUs: cannon.serverCpuUsPerPoll,
    fleetCpuUs: fleet.serverCpuUsPerPoll,
    cannonBusyShare: cannon.serverUtilization,
    fleetBusyShare: fleet.serverUtilization,
    cannonSleeps: cannon.loadSleepsPerPoll,
    fleetSleeps: fleet.loadSleepsPerPoll,
    cause: causeOf(cannon, fleet),
  })
}

/**
 * An answer that finds the load process asleep has to wake it, and the server pays for that. Whether it is asleep
 * depends on the pace: a process that is nearly full never sleeps, one with time to spare may sleep before each answer.
 * (Kept awake by force, in alternating rounds, it made a poll 16 to 29 % cheaper for the server with the fleet, 10 to
 * 17 % with autocannon.) `waking` is said only where the rounds show it; otherwise the cause is `unknown`.
 */
function causeOf(cannon: Round, fleet: Round): 'pace' | 'waking' | 'unknown' {
  const costs = fleet.serverCpuUsPerPoll / cannon.serverCpuUsPerPoll - 1
  const slept = fleet.loadSleepsPerPoll - cannon.loadSleepsPerPoll
  if (Math.abs(costs) <= SAME_COST) return 'pace'
  return costs * slept > 0 ? 'waking' : 'unknown'
}

/** autocannon's figure is used only if nothing went wrong and the server counted the same. */
export function checkCannonCount(
  part: Part,
  shots: readonly CannonCounted[],
  expectedStatus: string,
): TrialCheck {
  const sum = (of: (shot: CannonCounted) => number) => shots.reduce((total, shot) => total + of(shot), 0)
  const total = sum(shot => shot.total)
  const serverCounted = sum(shot => shot.serverCounted)
  const otherStatuses = total - sum(({ statuses }) => statuses[expectedStatus] ?? 0)
  const [errors, timeouts] = [sum(shot => shot.errors), sum(shot => shot.timeouts)]
  const amiss =
    Math.abs(total - serverCounted) + otherStatuses + errors + timeouts + sum(shot => shot.mismatches)
  return check('cannon-miscounts', amiss, {
    part,
    total,
    serverCounted,
    otherStatuses,
    expectedStatus,
    errors,
    timeouts,
  })
}

/** The fleet's figure is used only if the server counted the same in each round. */
export function checkFleetCount(shots: readonly Counted[]): TrialCheck {
  const total = shots.reduce((sum, shot) => sum + shot.total, 0)
  const serverCounted = shots.reduce((sum, shot) => sum + shot.serverCounted, 0)
  return check('fleet-miscounts', total - serverCounted, { total, serverCounted })
}

function pairRatios({ cannon, fleet }: Rounds): number[] {
  return cannon.map(({ perSecond }, index) => perSecond / (fleet[index]?.perSecond ?? Number.NaN))
}
