import type { FleetCost } from '../fleet/fleet-cost.ts'
import type { LoadGroup } from '../fleet/load-group.ts'
import type { Check } from '../judge/checks.ts'
import type { Pinning } from '../processes/pinning.ts'
import type { MetricId } from '../scenarios/metrics.ts'
import type { ArmPlan } from '../scenarios/scenario.ts'
import type { FloorSettings } from '../subjects/floor.ts'
import type { Remote } from '../subjects/remote.ts'

/** What one trial found. Values are as measured; what may be said of them is decided when trials are summed up. */
export interface Measurement {
  readonly values: Readonly<Partial<Record<MetricId, number>>>
  /** What theory says of some of the values. */
  readonly predictions?: Readonly<Partial<Record<MetricId, number>>>
  readonly checks: readonly Check[]
  /** Events published in the window; the sample size of percentiles. */
  readonly publishes: number | null
  /** hdr-histogram, V2 compressed base64, microseconds; mergeable across trials. */
  readonly histograms: Readonly<Record<string, string>>
  /** Counts and readings that the values were made of. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** The surroundings of one trial. */
export interface TrialSetting {
  readonly plan: ArmPlan
  readonly seed: number
  readonly pinning: Pinning
  readonly signal: AbortSignal
  /** What a floor sends; `null` when the trial is a technique's. */
  readonly floor: FloorSettings | null
  /** Of this technique's readers; absent where it was not measured, and then nothing is said about it. */
  readonly fleetCost?: FleetCost
  /** Somebody else's server, measured in place of a fresh one. */
  readonly remote?: Remote
  /** Modules that a test of the bench preloads into the two processes, as addresses. */
  readonly injectedFaults?: { readonly server?: readonly string[]; readonly load?: readonly string[] }
}

export type Load = Pick<LoadGroup, 'call' | 'processes'>
