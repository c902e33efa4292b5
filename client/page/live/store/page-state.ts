import type { SourceSettings } from '../../../../server/protocol/api.ts'
import type { Technique } from '../../../../server/protocol/techniques.ts'
import type { Cursor } from '../../../../server/protocol/wire.ts'
import type { ClockEstimate } from './clock-estimate.ts'
import { createKnownEvents, type KnownEvents } from './known-events.ts'
import { createLaneRecord, type LaneRecord } from './lane-record.ts'
import type { Outage, ServerPresence, TabRole } from './presence.ts'
import { createTrafficWindow, type TrafficWindow } from './traffic-window.ts'

export const POLL_INTERVAL_DEFAULT_MS = 1_000
/** What "now" means for the numbers of a lane. */
export const NUMBERS_WINDOW_MS = 30_000

export interface LatestEvent {
  readonly seq: number
  readonly type: string
  readonly preview: string
}

/** The page's one store. Whoever learns something writes it here; views read it on their own clock. */
export interface PageState {
  server: ServerPresence
  clock: ClockEstimate | null
  source: SourceSettings | null
  /** The newest event of the log, as the statistics last said. */
  top: Cursor | null
  role: TabRole
  /** Connections of other readers than this page, as the statistics last said. */
  others: number
  /** Those of all readers, this page included. */
  connections: number
  /** The sentence with which the server refuses commands from here. */
  forbidden: string | null
  outage: Outage | null
  pollIntervalMs: number
  latest: LatestEvent | null
  /** The answer to the last command, or why it failed. */
  said: { readonly sentence: string; readonly failed: boolean } | null
  /** What happened while the tab was hidden. */
  hidden: { readonly from: number; readonly to: number; readonly sentence: string } | null
  /** Latencies received before this instant were measured under other settings. */
  comparableSince: number
  readonly known: KnownEvents
  readonly lanes: Readonly<Record<Technique, LaneRecord>>
  readonly traffic: TrafficWindow
}

export function createPageState(): PageState {
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
    said: null,
    hidden: null,
    comparableSince: 0,
    known,
    lanes: forEachTechnique(technique => createLaneRecord(technique, known)),
    traffic: createTrafficWindow(NUMBERS_WINDOW_MS),
  }
}

/** One of something for each technique. */
export function forEachTechnique<T>(make: (technique: Technique) => T): Readonly<Record<Technique, T>> {
  return {
    poll: make('poll'),
    'long-poll': make('long-poll'),
    sse: make('sse'),
    websocket: make('websocket'),
  }
}

/** Latest things of the log have a name for people: the place of an earthquake, or what was sent. */
export function previewOf(data: unknown): string {
  if (typeof data === 'object' && data !== null && 'place' in data && typeof data.place === 'string') {
    const magnitude = 'magnitude' in data && typeof data.magnitude === 'number' ? `M ${data.magnitude}, ` : ''
    return `${magnitude}${data.place}`
  }
  const json = JSON.stringify(data) ?? ''
  return json.length > PREVIEW_MAX ? `${json.slice(0, PREVIEW_MAX)}…` : json
}

const PREVIEW_MAX = 60
