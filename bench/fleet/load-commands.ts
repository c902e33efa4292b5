/** What a load process does for the bench: hosts one trial's fleet, or a part of it, or fires autocannon. */
import { type CannonCount, type CannonSettings, fireCannon } from './autocannon.ts'
import {
  createFleet,
  type Fleet,
  type FleetCounts,
  type FleetOptions,
  type Return,
  type StalledCounts,
} from './fleet.ts'
import type { LatencyRecord } from './latencies.ts'

export type LoadCommands = {
  readonly 'fleet.create': (options: FleetOptions) => null
  /** Opens more connections; returns the milliseconds from connect to place known, one number each. */
  readonly 'fleet.open': (given: { readonly count: number; readonly atOnce: number }) => Promise<number[]>
  /** Destroys all connections at once; returns how many there were. */
  readonly 'fleet.cut': (given: null) => number
  /** Everyone who was cut comes back; returns the milliseconds from connect to caught up, one number each. */
  readonly 'fleet.return': (how: Return) => Promise<number[]>
  readonly 'fleet.stalled': (given: null) => StalledCounts
  readonly 'fleet.unstall': (given: null) => null
  readonly 'fleet.pause': (given: null) => null
  readonly 'fleet.resume': (given: { readonly pollIntervalMs: number }) => null
  readonly 'fleet.clearLatencies': (given: null) => null
  readonly 'fleet.counts': (given: null) => FleetCounts
  readonly 'fleet.latencies': (given: null) => LatencyRecord
  readonly 'fleet.failures': (given: null) => readonly string[]
  readonly 'cannon.fire': (settings: CannonSettings) => Promise<CannonCount>
}

export function createLoad(): LoadCommands {
  let fleet: Fleet | null = null

  return {
    'fleet.create'(options) {
      fleet = createFleet(options)
      return null
    },
    'fleet.open': ({ count, atOnce }) => created().open(count, atOnce),
    'fleet.cut': () => created().cut(),
    'fleet.return': how => created().comeBack(how),
    'fleet.stalled': () => created().stalled(),
    'fleet.unstall'() {
      created().unstall()
      return null
    },
    'fleet.pause'() {
      created().pause()
      return null
    },
    'fleet.resume'({ pollIntervalMs }) {
      created().resume(pollIntervalMs)
      return null
    },
    'fleet.clearLatencies'() {
      created().clearLatencies()
      return null
    },
    'fleet.counts': () => created().counts(),
    'fleet.latencies': () => created().latencies(),
    'fleet.failures': () => created().failures,
    'cannon.fire': fireCannon,
  }

  function created(): Fleet {
    if (fleet === null) throw new Error('there is no fleet yet')
    return fleet
  }
}
