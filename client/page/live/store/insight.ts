import {
  asksAtIntervals,
  isStream,
  TECHNIQUES,
  type Technique,
} from '../../../../server/protocol/techniques.ts'
import { predictMeanLatencyMs } from '../../../theory.ts'
import type { Summary } from './recorder.ts'

/** What was measured since the settings last changed. */
export interface Measured {
  readonly lanes: Readonly<Record<Technique, Summary | null>>
  readonly pollIntervalMs: number
  readonly clockUncertaintyMs: number
}

/** What can be said about it; the text file makes a sentence of it. */
export type Finding =
  | { readonly name: 'too-early'; readonly have: number; readonly need: number }
  | {
      readonly name: 'half-interval'
      readonly technique: Technique
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
      /** How much of a difference the clock's uncertainty, or chance, can make where there is none. */
      readonly toleranceMs: number
    }
  | {
      readonly name: 'ranking'
      readonly soonest: Technique
      readonly soonestMs: number
      readonly latest: Technique
      readonly latestMs: number
    }

/** With fewer instants than this, chance has more weight than the technique. */
const NEED_INSTANTS = 8

/**
 * The insight line. Polling is compared with theory: events fall anywhere between two polls, so they wait half the
 * interval on average and then travel one way. The one way is what the quickest stream measured.
 */
export function findInsights({ lanes, pollIntervalMs, clockUncertaintyMs }: Measured): readonly Finding[] {
  const measured = TECHNIQUES.flatMap(technique => {
    const summary = lanes[technique]
    return summary === null ? [] : [{ technique, ...summary }]
  })
  const known = measured.filter(({ instants }) => instants >= NEED_INSTANTS)
  const have = Math.max(0, ...measured.map(({ instants }) => instants))
  if (known.length === 0) return [{ name: 'too-early', have, need: NEED_INSTANTS }]

  const findings: Finding[] = []
  const oneWaysMs = measured.filter(({ technique }) => isStream(technique)).map(({ p50Ms }) => p50Ms)
  for (const { technique, meanMs, instants } of known) {
    if (!asksAtIntervals(technique) || oneWaysMs.length === 0) continue
    const oneWayMs = Math.max(0, Math.min(...oneWaysMs))
    const expectedMs = predictMeanLatencyMs(
      technique,
      { pollIntervalMs, distanceMs: null, timing: 'poisson' },
      { eventsPerSecond: 0, roundTripMs: 2 * oneWayMs, scheduleLagMs: 0 },
    )
    if (expectedMs === null) continue
    const spreadMs = pollIntervalMs / Math.sqrt(12)
    const toleranceMs = (3 * spreadMs) / Math.sqrt(instants) + clockUncertaintyMs
    findings.push({
      name: 'half-interval',
      technique,
      measuredMs: meanMs,
      expectedMs,
      pollIntervalMs,
      oneWayMs,
      toleranceMs,
      agrees: Math.abs(meanMs - expectedMs) <= toleranceMs,
    })
  }

  const others = known.filter(({ technique }) => !asksAtIntervals(technique))
  const bySpeed = others.toSorted((one, other) => one.p50Ms - other.p50Ms)
  const soonest = bySpeed[0]
  const latest = bySpeed.at(-1)
  if (soonest === undefined || latest === undefined || bySpeed.length < 2) return findings
  const apartMs = latest.p50Ms - soonest.p50Ms
  const toleranceMs = Math.max(clockUncertaintyMs, Math.hypot(soonest.medianErrorMs, latest.medianErrorMs))
  if (apartMs <= toleranceMs) {
    const techniques = others.map(({ technique }) => technique)
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
