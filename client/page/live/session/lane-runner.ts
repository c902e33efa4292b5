import { TECHNIQUES, type Technique } from '../../../../server/protocol/techniques.ts'
import type { Environment } from '../../../reader/environment.ts'
import { type SubscriptionState, subscribe } from '../../../reader/subscribe.ts'
import { forEachTechnique, type PageState, previewOf } from '../store/page-state.ts'

/** The four subscriptions of this tab, writing into the store. */
export interface LaneRunner {
  readonly origin: string
  setPollInterval(pollIntervalMs: number): void
  /** The device woke up or is online again. */
  wake(): void
  close(): void
}

interface LaneOptions {
  readonly origin: string
  readonly clientName: string
  readonly environment: Environment
  readonly state: PageState
  /** Go on from the places the lanes had, so that nothing is skipped; otherwise begin with now. */
  readonly resume: boolean
  /** What a lane moves on to when its technique proves unusable; empty for nothing. */
  readonly fallback: readonly Technique[]
  readonly entered: (technique: Technique, next: SubscriptionState) => void
}

/** Starts all four lanes at one origin. */
export function runLanes(options: LaneOptions): LaneRunner {
  const { origin, clientName, environment, state, resume, fallback } = options
  const subscriptions = forEachTechnique(technique => {
    const lane = state.lanes[technique]
    const from = resume ? lane.place : null
    const subscription = subscribe({
      technique,
      origin,
      environment,
      clientName,
      fallback,
      pollIntervalMs: state.pollIntervalMs,
      ...(from === null ? {} : { from }),
      onEvent: delivery => {
        lane.delivered(delivery, state.clock?.uncertaintyMs ?? 0)
        const { event } = delivery
        if (state.latest === null || state.known.top?.seq === event.seq) {
          state.latest = { seq: event.seq, type: event.type, preview: previewOf(event.data) }
        }
      },
      onGap: (gap, cursor) => lane.lost(gap, cursor, environment.now()),
      onState: next => {
        lane.changed(next, environment.now())
        options.entered(technique, next)
      },
    })
    lane.follow(subscription, from)
    return subscription
  })

  return { origin, setPollInterval, wake, close }

  function setPollInterval(pollIntervalMs: number): void {
    subscriptions.poll.configure({ pollIntervalMs })
  }

  function wake(): void {
    for (const technique of TECHNIQUES) subscriptions[technique].wake()
  }

  function close(): void {
    for (const technique of TECHNIQUES) {
      subscriptions[technique].close()
      state.lanes[technique].rest()
    }
  }
}
