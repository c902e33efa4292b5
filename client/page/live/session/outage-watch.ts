import type { LinkConditions } from '../../../../server/protocol/api.ts'
import type { Technique } from '../../../../server/protocol/techniques.ts'
import type { SubscriptionState } from '../../../reader/subscribe.ts'

/** Notices when no lane reaches the server. All instants are monotonic. */
export interface OutageWatch {
  entered(technique: Technique, state: SubscriptionState, nowMs: number): void
  /** Everything up to this instant has another cause and proves nothing. */
  excuse(nowMs: number): void
  /** The lanes no longer run here. */
  forget(): void
  /** True once every lane has failed since something last worked, and that is SUSPECT_MS ago. */
  suspects(nowMs: number): boolean
}

/** Longer than any lane needs to come back after a cut, which is 3 s for an EventSource. */
export const SUSPECT_MS = 6_000

interface Lane {
  readonly state: SubscriptionState
  readonly enteredAtMs: number
  /** When a try failed last. */
  readonly failedAtMs: number
}

/** A lane that waits for its next try proves nothing: the cause of its delay may be over. */
export function createOutageWatch(): OutageWatch {
  const lanes = new Map<Technique, Lane>()
  let fineAtMs = Number.NEGATIVE_INFINITY

  return { entered, excuse, forget: () => lanes.clear(), suspects }

  function entered(technique: Technique, state: SubscriptionState, nowMs: number): void {
    if (lanes.size === 0 || reaches(state)) excuse(nowMs)
    const failedAtMs =
      state.name === 'reconnecting' ? nowMs : (lanes.get(technique)?.failedAtMs ?? Number.NEGATIVE_INFINITY)
    lanes.set(technique, { state, enteredAtMs: nowMs, failedAtMs })
  }

  function excuse(nowMs: number): void {
    fineAtMs = nowMs
  }

  function suspects(nowMs: number): boolean {
    const trying = [...lanes.values()].filter(({ state }) => state.name !== 'closed')
    if (trying.length === 0 || trying.some(({ state }) => reaches(state))) excuse(nowMs)
    return nowMs - fineAtMs >= SUSPECT_MS && trying.every(lane => triedInVain(lane, nowMs))
  }

  function triedInVain({ state, enteredAtMs, failedAtMs }: Lane, nowMs: number): boolean {
    const waits = state.name === 'connecting' && nowMs - Math.max(enteredAtMs, fineAtMs) >= SUSPECT_MS
    return waits || failedAtMs > fineAtMs
  }
}

/** A lane that the lab itself refuses has reached it, too. */
function reaches(state: SubscriptionState): boolean {
  if (state.name === 'reconnecting') return state.reason !== undefined
  return state.name !== 'connecting' && state.name !== 'closed'
}

/** A link this slow makes a lane's hello take seconds. */
const SLOW_MS = 1_000
const SLOW_BYTES_PER_SECOND = 1_000

/** Whether these conditions of the link are enough to keep all lanes away. */
export function keepsAway(conditions: LinkConditions): boolean {
  const { blackhole, refuseStatus, resetAfterBytes, cutAfterBytes, delayMs, bytesPerSecond } = conditions
  return (
    blackhole === true ||
    refuseStatus !== undefined ||
    resetAfterBytes !== undefined ||
    cutAfterBytes !== undefined ||
    (delayMs ?? 0) >= SLOW_MS ||
    (bytesPerSecond ?? Number.POSITIVE_INFINITY) <= SLOW_BYTES_PER_SECOND
  )
}
