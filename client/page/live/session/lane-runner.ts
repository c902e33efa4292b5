import { asksAtIntervals, type Technique } from '../../../../server/protocol/techniques.ts'
import type { Environment } from '../../../reader/environment.ts'
import { type Subscription, type SubscriptionState, subscribe } from '../../../reader/subscribe.ts'
import type { PageStore } from '../store/page-state.ts'

/** The subscriptions of this tab, one for each lane that is on. They write into the store. */
export interface LaneRunner {
  readonly origin: string
  /** Starts and stops lanes so that these run. A lane that ran before goes on from its place. */
  run(techniques: readonly Technique[]): void
  setPollInterval(pollIntervalMs: number): void
  /** The device woke up or is online again. */
  wake(): void
  close(): void
}

interface LaneOptions {
  readonly origin: string
  readonly clientName: string
  readonly environment: Environment
  readonly state: PageStore
  /** Go on from the places the lanes had, so that nothing is skipped; otherwise begin with now. */
  readonly resume: boolean
  /** What a lane moves on to when its technique proves unusable; empty for nothing. */
  readonly fallback: readonly Technique[]
  readonly entered: (technique: Technique, next: SubscriptionState) => void
}

/** Starts the lanes that are on, at one origin. */
export function runLanes(options: LaneOptions): LaneRunner {
  const { origin, clientName, environment, state, fallback } = options
  const subscriptions = new Map<Technique, Subscription>()
  for (const technique of state.lanesOn) start(technique, options.resume, Number.NEGATIVE_INFINITY)

  return { origin, run, setPollInterval, wake, close: () => run([]) }

  function run(techniques: readonly Technique[]): void {
    for (const technique of subscriptions.keys()) {
      if (!techniques.includes(technique)) stop(technique)
    }
    for (const technique of techniques) {
      // What was published while the lane was off came late for that reason alone.
      if (!subscriptions.has(technique)) start(technique, true, environment.now())
    }
  }

  function start(technique: Technique, resume: boolean, measuredFrom: number): void {
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
        const { seq, type, data } = delivery.event
        if (state.latest === null || state.known.top?.seq === seq) state.latest = { seq, type, data }
      },
      onGap: gap => lane.lost(gap, environment.now()),
      onState: next => {
        // The end of a lane that was switched off is not a loss, and is not drawn as one.
        if (subscriptions.get(technique) === subscription) lane.changed(next, environment.now())
        options.entered(technique, next)
      },
    })
    subscriptions.set(technique, subscription)
    lane.follow(subscription, from, measuredFrom)
  }

  function stop(technique: Technique): void {
    const subscription = subscriptions.get(technique)
    subscriptions.delete(technique)
    subscription?.close()
    state.lanes[technique].rest(environment.now())
  }

  function setPollInterval(pollIntervalMs: number): void {
    for (const [technique, subscription] of subscriptions) {
      if (asksAtIntervals(technique)) subscription.configure({ pollIntervalMs })
    }
  }

  function wake(): void {
    for (const subscription of subscriptions.values()) subscription.wake()
  }
}
