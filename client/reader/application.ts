import type { Cursor, Gap } from '../../server/protocol/wire.ts'
import type { Environment } from './environment.ts'
import type { Delivery, SubscribeOptions, SubscriptionState } from './subscription.ts'

/** The application's side of a subscription: what it is told, and the state that it was told last. */
export interface Application {
  readonly state: SubscriptionState
  enter(state: SubscriptionState): void
  event(delivery: Delivery): void
  gap(gap: Gap, cursor: Cursor): void
}

export function createApplication(
  { setTimeout }: Environment,
  { onEvent, onGap, onState }: SubscribeOptions,
): Application {
  let state: SubscriptionState = { name: 'connecting' }
  let isStateTold = false
  // The first state is told when the caller has its subscription in hand, not while it is still being made.
  void Promise.resolve().then(tellState)

  return {
    get state() {
      return state
    },
    enter,
    event: delivery => tell(() => onEvent?.(delivery)),
    gap: (gap, cursor) => tell(() => onGap?.(gap, cursor)),
  }

  function enter(next: SubscriptionState): void {
    const isSteady = next.name === 'connecting' || next.name === 'requesting' || next.name === 'open'
    if (isSteady && next.name === state.name) return
    state = next
    if (isStateTold) tellState()
  }

  function tellState(): void {
    const telling = state
    isStateTold = true
    tell(() => onState?.(telling))
  }

  /** The application's errors are its own: thrown where its environment reports them, while the reader goes on. */
  function tell(run: () => void): void {
    try {
      run()
    } catch (error) {
      setTimeout(() => {
        throw error
      }, 0)
    }
  }
}
