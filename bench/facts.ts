import type { Fact, Params } from '../server/protocol/run.ts'

/** The codes of all facts that the bench states, those of checks aside. `client/run/text/` has a sentence for each. */
export const FACT_CODES = [
  // Why there is no figure, or a doubtful one.
  'trial-failed',
  'trials-left-out',
  'too-few-publishes',
  'floor-not-measured',
  'below-floor',
  // Why no difference is claimed.
  'too-few-blocks',
  'no-common-block',
  'no-noise-pairs',
  'too-few-noise-pairs',
  'figures-not-positive',
  'axes-differ',
  'circumstances-differ',
  // How two runs differ.
  'circumstance-differs',
  'axis-differs',
  'only-in-one',
  'run-incomplete',
  // What a run must say of itself.
  'quick-look',
  'incomplete',
  'dirty-tree',
  'noise-unknown',
  'nothing-claimed',
  'busy-machine',
  'axes-changed',
  'unsound-figures',
  'one-machine',
  'remote-server',
  'short-heads',
  'fleet-not-calibrated',
  'scenario-left-out',
  'scenario-needs-own-server',
] as const
export type FactCode = (typeof FACT_CODES)[number]

export function fact(code: FactCode, params: Params = {}): Fact {
  return { code, params }
}
