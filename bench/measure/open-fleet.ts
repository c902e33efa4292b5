/** The fleet of one trial, in front of its subject. */
import type { ClockReading } from '../../server/protocol/api.ts'
import type { FleetOptions } from '../fleet/fleet.ts'
import type { Subject } from '../subjects/subject.ts'
import type { Load } from './measurement.ts'

type Wanted = Omit<FleetOptions, 'host' | 'port' | 'clock' | 'blindCursor'> &
  Partial<Pick<FleetOptions, 'blindCursor'>>

/**
 * Nobody is connected yet. Of a subject that keeps a log, unless a `blindCursor` is given. Returns the subject's clock,
 * as the fleet reads it.
 */
export async function createFleet(load: Load, subject: Subject, wanted: Wanted): Promise<ClockReading> {
  const { elsewhere, port } = subject
  const clock = await subject.clock()
  await load.call('fleet.create', {
    blindCursor: null,
    ...wanted,
    ...(elsewhere === undefined ? {} : { host: elsewhere.host }),
    port,
    clock,
  })
  return clock
}

/** All of them are connected and know their place. */
export async function openFleet(
  load: Load,
  subject: Subject,
  { connectAtOnce, ...wanted }: Wanted & { readonly connectAtOnce: number },
): Promise<void> {
  await createFleet(load, subject, wanted)
  await load.call('fleet.open', { count: wanted.readers, atOnce: connectAtOnce })
}
