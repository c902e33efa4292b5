import type { Interval } from '../../server/protocol/run.ts'

/** What must be read of what was injected. */
export interface Claim {
  /** Of the metric that is read. */
  readonly title: string
  readonly unit: string
  /** What must be read, and how far from it is still right. */
  readonly injected: number
  readonly tolerance: number
  /**
   * `effect`: the injected trial's figure less that of a trial without, run at the same time, so that both meet the
   * same disturbances. `figure`: the injected trial's figure as it stands.
   */
  readonly kind: 'effect' | 'figure'
}

/** What was read of it. */
export interface Reading extends Claim {
  /** The median over pairs. */
  readonly read: number
  /** Where it lies, with 95 % confidence; `null` with fewer than three pairs. */
  readonly interval: Interval | null
  /** The same reading with nothing injected. */
  readonly without: number
  readonly pairs: number
  /** `too noisy`: the pairs lie too far apart to say, after as many as there was patience for. */
  readonly verdict: 'as injected' | 'not as injected' | 'too noisy'
}
