import type { SourceSettings } from '../../../../server/protocol/api.ts'
import { forEachTechnique, type Technique } from '../../../../server/protocol/techniques.ts'
import type { Cursor } from '../../../../server/protocol/wire.ts'
import type { ClockEstimate } from './clock-estimate.ts'
import type { CommandFailure } from './command-failure.ts'
import { createKnownEvents, type KnownEvents, type KnownEventsRecord } from './known-events.ts'
import { createLaneRecord, type Lane, type LaneRecord } from './lane-record.ts'
import type { Obstacle } from './obstacle.ts'
import type { Outage, ServerPresence, TabRole } from './presence.ts'
import { createTrafficWindow, type TrafficWindow } from './traffic-window.ts'
import { NUMBERS_WINDOW_MS } from './windows.ts'

export const POLL_INTERVAL_DEFAULT_MS = 1_000

export interface LatestEvent {
  readonly seq: number
  readonly type: string
  readonly data: unknown
}

/** What the last command came to. */
export type CommandOutcome =
  | { readonly name: 'emitted' }
  | { readonly name: 'burst'; readonly events: number }
  | { readonly name: 'cut'; readonly connections: number }
  | { readonly name: 'reset'; readonly pollIntervalMs: number }
  | { readonly name: 'source'; readonly source: SourceSettings }
  /** It was not sent. */
  | { readonly name: 'obstructed'; readonly obstacle: Obstacle }
  | { readonly name: 'failed'; readonly failure: CommandFailure }

/** A time in which the tab was hidden, on the server's clock. */
export interface HiddenTime {
  readonly from: number
  readonly to: number
  /** How the timers of a lane that polls were slowed; `null` where no such lane is on. */
  readonly polls: { readonly technique: Technique; readonly made: number; readonly due: number } | null
}

/** The page's one store, as views read it, each on its own clock. It holds facts; views make sentences of them. */
export interface PageState {
  readonly server: ServerPresence
  readonly clock: ClockEstimate | null
  readonly source: SourceSettings | null
  /** The newest event of the log, by the last statistics. */
  readonly top: Cursor | null
  readonly role: TabRole
  /** Connections of readers other than this page, by the last statistics. */
  readonly others: number
  /** Connections of all readers, this page's included. */
  readonly connections: number
  /** Why the server refuses every command from here. */
  readonly forbidden: CommandFailure | null
  readonly outage: Outage | null
  readonly pollIntervalMs: number
  readonly latest: LatestEvent | null
  readonly outcome: CommandOutcome | null
  readonly hidden: HiddenTime | null
  /** Latencies received before this instant were measured under other settings. */
  readonly comparableSince: number
  /** The techniques whose lanes are on, in their order. */
  readonly lanesOn: readonly Technique[]
  readonly known: KnownEvents
  readonly lanes: Readonly<Record<Technique, Lane>>
  readonly traffic: Pick<TrafficWindow, 'costPerEvent'>
}

/** The same for the session, which alone writes to it. */
export type PageStore = { -readonly [Fact in keyof PageState]: PageState[Fact] } & {
  readonly known: KnownEventsRecord
  readonly lanes: Readonly<Record<Technique, LaneRecord>>
  readonly traffic: TrafficWindow
}

export function createPageStore(lanesOn: readonly Technique[]): PageStore {
  const known = createKnownEvents()
  return {
    server: 'connecting',
    clock: null,
    source: null,
    top: null,
    role: 'deciding',
    others: 0,
    connections: 0,
    forbidden: null,
    outage: null,
    pollIntervalMs: POLL_INTERVAL_DEFAULT_MS,
    latest: null,
    outcome: null,
    hidden: null,
    comparableSince: 0,
    lanesOn,
    known,
    lanes: forEachTechnique(technique => createLaneRecord(technique, known)),
    traffic: createTrafficWindow(NUMBERS_WINDOW_MS),
  }
}
