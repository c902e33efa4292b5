import { TECHNIQUES, type Technique } from '../../../../server/protocol/techniques.ts'
import { type Finding, findInsights } from './insight.ts'
import { forEachTechnique, NUMBERS_WINDOW_MS, type PageState } from './page-state.ts'
import type { Summary } from './recorder.ts'

/** What the slow views are given, five times a second: the store, and what follows from it at this instant. */
export interface LiveFrame {
  readonly state: PageState
  readonly nowMs: number
  /** `performance.now()`, on which the states of the lanes count. */
  readonly monotonicMs: number
  readonly uncertaintyMs: number
  readonly summaries: Readonly<Record<Technique, Summary | null>>
  readonly findings: readonly Finding[]
}

export function takeFrame(state: PageState, nowMs: number): LiveFrame {
  const uncertaintyMs = state.clock?.uncertaintyMs ?? 0
  const sinceMs = Math.max(nowMs - NUMBERS_WINDOW_MS, state.comparableSince)
  const summaries = forEachTechnique(technique => state.lanes[technique].samples.summarise(sinceMs))
  const { pollIntervalMs } = state
  return {
    state,
    nowMs,
    monotonicMs: performance.now(),
    uncertaintyMs,
    summaries,
    findings: findInsights({ lanes: summaries, pollIntervalMs, clockUncertaintyMs: uncertaintyMs }),
  }
}

/** True while no lane has anything to draw. */
export function isEmpty({ state, nowMs }: LiveFrame, windowMs: number): boolean {
  return TECHNIQUES.every(technique => {
    const newest = state.lanes[technique].arrivals.get(0, 'receivedAt')
    return Number.isNaN(newest) || newest < nowMs - windowMs
  })
}
