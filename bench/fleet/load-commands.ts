/** What a load process does for the bench: hosts a trial's fleet, or a share of it, or runs autocannon. */
import type { Commands } from '../processes/rpc.ts'
import { type CannonCount, type CannonSettings, fireCannon } from './autocannon.ts'
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts'

/** `fleet.open` and so on: the methods of a fleet, once it is created. */
export type FleetCommands = { readonly [Verb in keyof Fleet as `fleet.${Verb}`]: Fleet[Verb] }

type FirstCommands = {
  /** Once in each process. */
  readonly 'fleet.create': (options: FleetOptions) => void
  readonly 'cannon.fire': (settings: CannonSettings) => Promise<CannonCount>
}

export type LoadCommands = FirstCommands & FleetCommands

/** Begins to answer. The fleet's own commands follow once it is created; until then calls of them wait. */
export function createLoad(answerCalls: (commands: Commands) => void): void {
  let created = false

  answerCalls({
    'fleet.create'(options) {
      if (created) throw new Error('this load process has a fleet already')
      created = true
      const fleet = Object.entries(createFleet(options))
      answerCalls(Object.fromEntries(fleet.map(([verb, run]) => [`fleet.${verb}`, run])))
    },
    'cannon.fire': fireCannon,
  } satisfies FirstCommands)
}
