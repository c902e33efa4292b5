import type { Verdict } from '../../server/protocol/run.ts'

const ORDER: readonly Verdict[] = ['ok', 'flagged', 'refused', 'failed']

/** Of none it is `ok`. */
export function worst<V extends Verdict>(verdicts: readonly V[]): V | 'ok' {
  return verdicts.reduce<V | 'ok'>(
    (before, verdict) => (ORDER.indexOf(before) > ORDER.indexOf(verdict) ? before : verdict),
    'ok',
  )
}
