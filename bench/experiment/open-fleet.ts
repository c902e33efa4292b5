/** The fleet of one trial, in front of its subject. */
import type { FleetOptions } from '../fleet.ts'
import type { Subject } from '../subject.ts'
import type { Load } from './measurement.ts'

type Wanted = Omit<FleetOptions, 'port' | 'clock' | 'blindCursor'> &
  Partial<Pick<FleetOptions, 'blindCursor'>>

/** Nobody is connected yet. Of a subject that keeps a log, unless a `blindCursor` is given. */
export async function createFleet(load: Load, subject: Subject, wanted: Wanted): Promise<void> {
  await load.ask('fleet.create', {
    blindCursor: null,
    ...wanted,
    port: subject.port,
    clock: await subject.clock(),
  })
}

/** All of them are connected and know their place. */
export async function openFleet(
  load: Load,
  subject: Subject,
  { connectAtOnce, ...wanted }: Wanted & { readonly connectAtOnce: number },
): Promise<void> {
  await createFleet(load, subject, wanted)
  await load.ask('fleet.open', { count: wanted.readers, atOnce: connectAtOnce })
}
