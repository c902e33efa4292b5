import { onTestFinished } from 'vitest'
import { isStream, TECHNIQUES, type Technique, traitsOf } from '../../../server/protocol/techniques.ts'
import { formatCursor, type Gap } from '../../../server/protocol/wire.ts'
import { type SubscribeOptions, type SubscriptionState, subscribe } from '../subscribe.ts'
import { scriptServer } from './scripted-server.ts'
import { scriptWorld } from './scripted-world.ts'

export const STREAMS = TECHNIQUES.filter(isStream)
export const ANSWERS = TECHNIQUES.filter(technique => !isStream(technique))
/** Those whose transport sees the status of an answer, because it uses `fetch`. */
export const FETCHED = TECHNIQUES.filter(technique => {
  const { mediaType, upgrades } = traitsOf(technique)
  return !upgrades && mediaType !== 'text/event-stream'
})

/** Starts a reader in a world of its own, and notes what the application is told. */
export function startReader(technique: Technique, options: Partial<SubscribeOptions> = {}) {
  const world = scriptWorld()
  const seqs: number[] = []
  const gaps: [Gap['reason'], string][] = []
  const states: SubscriptionState[] = []
  const reader = subscribe({
    technique,
    origin: 'http://lab.test:3001',
    environment: world.environment,
    onEvent: delivery => seqs.push(delivery.event.seq),
    onGap: (gap, cursor) => gaps.push([gap.reason, formatCursor(cursor)]),
    onState: state => states.push(state),
    ...options,
  })
  onTestFinished(() => reader.close())
  return { world, reader, server: scriptServer(technique, world), seqs, gaps, states }
}
