/**
 * A reader in a process of its own, so that a signal can stop all of it. It sends its parent over IPC what it receives,
 * and ends with it. Its one argument is JSON: `ReaderArguments`.
 */

import type { RetryPolicy } from '../../client/reader/retry-policy.ts'
import { subscribe } from '../../client/reader/subscribe.ts'
import type { Technique } from '../../server/protocol/techniques.ts'
import { formatCursor, type Gap } from '../../server/protocol/wire.ts'
import { nodeEnvironment } from './node-environment.ts'
import { hashOf, numberIn } from './publisher.ts'

export interface ReaderArguments {
  readonly technique: Technique
  readonly origin: string
  readonly policy: RetryPolicy
}

/** What happened, and how the reader stands after it. Cursors are text. */
export type ReaderMessage = ReaderNews & {
  readonly requests: number
  readonly undeclaredGaps: number
  readonly readerCursor: string | null
}

type ReaderNews =
  | { readonly kind: 'event'; readonly cursor: string; readonly n: number; readonly hash: string }
  | { readonly kind: 'gap'; readonly cursor: string; readonly gap: Gap }
  | { readonly kind: 'state' }

const options = JSON.parse(process.argv[2] ?? '{}') as ReaderArguments
const subscription = subscribe({
  ...options,
  environment: nodeEnvironment(),
  pollIntervalMs: 50,
  waitSeconds: 1,
  onEvent: ({ event, cursor }) =>
    send({ kind: 'event', cursor: formatCursor(cursor), n: numberIn(event.data), hash: hashOf(event.data) }),
  onGap: (gap, cursor) => send({ kind: 'gap', cursor: formatCursor(cursor), gap }),
})
// A reader learns its cursor before it receives anything, and no callback tells of that.
setInterval(() => send({ kind: 'state' }), 20)
process.on('disconnect', () => process.exit())

function send(news: ReaderNews): void {
  const { audit, place } = subscription
  const message: ReaderMessage = {
    ...news,
    requests: audit.requests,
    undeclaredGaps: audit.undeclaredGaps,
    readerCursor: place && formatCursor(place),
  }
  process.send?.(message)
}
