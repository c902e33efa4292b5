import { forEachTechnique, type Technique } from '../../../../server/protocol/techniques.ts'
import { type Finding, findInsights } from './insight.ts'
import type { PageState } from './page-state.ts'
import type { Summary } from './recorder.ts'
import { NUMBERS_WINDOW_MS } from './windows.ts'

/** What the slow views are given, five times a second: the store, and what follows from it at this instant. */
export interface LiveFrame {
  readonly state: PageState
  readonly nowMs: number
  /** `performance.now()`, the clock of the lanes' states. */
  readonly monotonicMs: number
  readonly uncertaintyMs: number
  /** `null` for a lane that is off, or has measured nothing. */
  readonly summaries: Readonly<Record<Technique, Summary | null>>
  readonly findings: readonly Finding[]
}

export function takeFrame(state: PageState, nowMs: number): LiveFrame {
  const { pollIntervalMs, lanesOn, lanes } = state
  const clockUncertaintyMs = state.clock?.uncertaintyMs ?? 0
  const sinceMs = Math.max(nowMs - NUMBERS_WINDOW_MS, state.comparableSince)
  const summaries = forEachTechnique(technique =>
    lanesOn.includes(technique) ? lanes[technique].samples.summarise(sinceMs) : null,
  )
  return {
    state,
    nowMs,
    monotonicMs: performance.now(),
    uncertaintyMs: clockUncertaintyMs,
    summaries,
    findings: findInsights({ lanes: summaries, pollIntervalMs, clockUncertaintyMs }),
  }
}

/** True while no lane that is on has anything to draw. */
export function isEmpty({ state, nowMs }: LiveFrame, windowMs: number): boolean {
  return state.lanesOn.every(technique => {
    const newest = state.lanes[technique].arrivals.get(0, 'receivedAt')
    return Number.isNaN(newest) || newest < nowMs - windowMs
  })
}
