/**
 * A reader in a process of its own, so that it can be stopped as a whole. It tells its parent over IPC what it was
 * told, and ends with it. Its one argument is JSON: what `subscribe` needs.
 */

import type { RetryPolicy } from '../../client/reader/retry-policy.ts'
import { type Audit, subscribe } from '../../client/reader/subscribe.ts'
import type { Technique } from '../../server/protocol/techniques.ts'
import type { Gap } from '../../server/protocol/wire.ts'
import { nodeEnvironment } from './node-environment.ts'
import { hashOf, numberIn } from './payload.ts'

export interface ReaderArguments {
  readonly technique: Technique
  readonly origin: string
  readonly policy: RetryPolicy
}

export type ReaderMessage = { readonly audit: Audit; readonly place: string | null } & (
  | { readonly kind: 'event'; readonly cursor: string; readonly n: number; readonly hash: string }
  | { readonly kind: 'gap'; readonly cursor: string; readonly gap: Gap }
  | { readonly kind: 'state' }
)

const options = JSON.parse(process.argv[2] ?? '{}') as ReaderArguments
const reader = subscribe({
  ...options,
  environment: nodeEnvironment(),
  pollIntervalMs: 50,
  waitSeconds: 1,
  onEvent: ({ event, cursor }) =>
    tell({ kind: 'event', cursor, n: numberIn(event.data), hash: hashOf(event.data) }),
  onGap: (gap, cursor) => tell({ kind: 'gap', cursor, gap }),
})
// The place is known a moment before anything else is told.
setInterval(() => tell({ kind: 'state' }), 20)
process.on('disconnect', () => process.exit())

type Told<M> = M extends ReaderMessage ? Omit<M, 'audit' | 'place'> : never

function tell(message: Told<ReaderMessage>): void {
  process.send?.({ ...message, audit: reader.audit, place: reader.place })
}
