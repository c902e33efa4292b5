import type { Run } from '../../server/protocol/run.ts'
import { runText, settingText } from './text/en.ts'

/** Where the numbers of a run come from: names and values, in display order. */
export function provenanceOf({
  provenance,
  calibration,
}: Pick<Run, 'provenance' | 'calibration'>): readonly (readonly [name: string, value: string])[] {
  const taken = calibration.map(runText.fleetTakes)
  return [
    ...Object.entries(provenance).map(([name, value]) => settingText(name, value)),
    ...(taken.length === 0 ? [] : [[runText.fleet, taken.join(', ')] as const]),
  ]
}
