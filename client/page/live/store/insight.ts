import { TECHNIQUES, type Technique } from '../../../../server/protocol/techniques.ts'
import { intervalWait } from '../../../theory.ts'
import type { Summary } from './recorder.ts'

/** What was measured since the settings last changed. */
export interface Measured {
  readonly lanes: Readonly<Record<Technique, Summary | null>>
  readonly pollIntervalMs: number
  readonly clockUncertaintyMs: number
}

/** What can be said about it; `text.ts` turns it into a sentence. */
export type Finding =
  | { readonly name: 'too-early'; readonly have: number; readonly need: number }
  | {
      readonly name: 'half-interval'
      readonly measuredMs: number
      readonly expectedMs: number
      readonly pollIntervalMs: number
      readonly oneWayMs: number
      /** Three standard errors of the mean, and the clock. */
      readonly toleranceMs: number
      readonly agrees: boolean
    }
  | {
      readonly name: 'no-difference'
      readonly techniques: readonly Technique[]
      readonly apartMs: number
      /** What the clock's uncertainty, or chance, may make of no difference at all. */
      readonly toleranceMs: number
    }
  | {
      readonly name: 'ranking'
      readonly soonest: Technique
      readonly soonestMs: number
      readonly latest: Technique
      readonly latestMs: number
    }

/** Fewer instants than this, and chance speaks louder than the technique. */
const NEED_INSTANTS = 8

/**
 * The insight line. Polling is compared with what theory predicts: events fall anywhere between two asks, so they
 * wait half the interval on average and then travel one way. The way itself is what the quickest stream measured.
 */
export function findInsights(measured: Measured): readonly Finding[] {
  const { lanes, pollIntervalMs, clockUncertaintyMs } = measured
  const have = Math.max(0, ...TECHNIQUES.map(technique => lanes[technique]?.instants ?? 0))
  const known = TECHNIQUES.filter(technique => (lanes[technique]?.instants ?? 0) >= NEED_INSTANTS)
  if (known.length === 0) return [{ name: 'too-early', have, need: NEED_INSTANTS }]

  const findings: Finding[] = []
  const waysMs = [lanes.sse, lanes.websocket].flatMap(lane => (lane === null ? [] : [lane.p50Ms]))
  if (known.includes('poll') && lanes.poll !== null && waysMs.length > 0) {
    const oneWayMs = Math.max(0, Math.min(...waysMs))
    const wait = intervalWait(pollIntervalMs)
    const expectedMs = wait.meanMs + oneWayMs
    const toleranceMs = (3 * wait.deviationMs) / Math.sqrt(lanes.poll.instants) + clockUncertaintyMs
    findings.push({
      name: 'half-interval',
      measuredMs: lanes.poll.meanMs,
      expectedMs,
      pollIntervalMs,
      oneWayMs,
      toleranceMs,
      agrees: Math.abs(lanes.poll.meanMs - expectedMs) <= toleranceMs,
    })
  }

  const pushed = known
    .filter(technique => technique !== 'poll')
    .flatMap(technique => {
      const lane = lanes[technique]
      return lane === null ? [] : [{ technique, p50Ms: lane.p50Ms, errorMs: lane.medianErrorMs }]
    })
    .sort((one, other) => one.p50Ms - other.p50Ms)
  const soonest = pushed[0]
  const latest = pushed.at(-1)
  if (soonest === undefined || latest === undefined || pushed.length < 2) return findings
  const apartMs = latest.p50Ms - soonest.p50Ms
  const toleranceMs = Math.max(clockUncertaintyMs, Math.hypot(soonest.errorMs, latest.errorMs))
  if (apartMs <= toleranceMs) {
    const techniques = known.filter(technique => technique !== 'poll')
    findings.push({ name: 'no-difference', techniques, apartMs, toleranceMs })
  } else {
    findings.push({
      name: 'ranking',
      soonest: soonest.technique,
      soonestMs: soonest.p50Ms,
      latest: latest.technique,
      latestMs: latest.p50Ms,
    })
  }
  return findings
}
