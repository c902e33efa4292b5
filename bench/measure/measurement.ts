import type { TrialCheck } from '../../server/protocol/run.ts'
import type { FleetCost } from '../fleet/fleet-cost.ts'
import type { LoadGroup } from '../fleet/load-group.ts'
import type { Trial } from '../judge/result.ts'
import type { Pinning } from '../processes/pinning.ts'
import type { ArmPlan } from '../scenarios/scenario.ts'
import type { FloorSettings } from '../subjects/floor.ts'
import type { Remote } from '../subjects/remote.ts'

/** What one trial found. Values are as measured; whether they are reported is decided when trials are summed up. */
export interface Measurement extends Pick<Trial, 'values'> {
  readonly predictions?: Trial['predictions']
  readonly checks: readonly TrialCheck[]
  /** Events published in the window: the sample size of percentiles. `null` by default. */
  readonly publishes?: number
  readonly histograms?: Trial['histograms']
  /** Counts and readings that the values were made of. */
  readonly raw: Trial['raw']
}

/** The surroundings of one trial. */
export interface TrialSetting {
  readonly plan: ArmPlan
  readonly seed: number
  readonly pinning: Pinning
  readonly signal: AbortSignal
  /** What a floor sends; `null` when the trial is a technique's. */
  readonly floor: FloorSettings | null
  /** For this technique's readers; absent where it was not measured, and then its check is left out. */
  readonly fleetCost?: FleetCost
  /** A server that runs elsewhere, measured in place of a fresh one. */
  readonly remote?: Remote
  /** Modules that a test of the bench preloads into the two processes, as addresses. */
  readonly injectedFaults?: { readonly server?: readonly string[]; readonly load?: readonly string[] }
}

export type Load = Pick<LoadGroup, 'call' | 'processes'>
