import type { SubscribeOptions, Subscription } from './subscription.ts'

export type { Audit, Delivery, SubscribeOptions, Subscription, SubscriptionState } from './subscription.ts'

export declare function subscribe(options: SubscribeOptions): Subscription
