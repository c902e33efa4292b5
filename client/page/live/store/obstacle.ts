import type { SourceKind } from '../../../../server/protocol/api.ts'
import type { ServerPresence, TabRole } from './presence.ts'

/** What a person can do here. */
export type CommandName = 'rate' | 'pause' | 'emit' | 'burst' | 'kill' | 'reset' | 'poll-interval'

/** What there is to know before a control is used. */
export interface Circumstances {
  readonly server: ServerPresence
  readonly role: TabRole
  readonly source: { readonly kind: SourceKind } | null
  /** The sentence with which this server refuses commands from here, if it does. */
  readonly forbidden: string | null
}

/** Why a control would do nothing now. */
export type Obstacle =
  | { readonly name: 'connecting' | 'gone' | 'no-source' | 'lines' | 'not-running' }
  | { readonly name: 'forbidden'; readonly sentence: string }

/** `null` where a control works. Commands travel by HTTP and work without the page's WebSocket. */
export function obstacleTo(command: CommandName, given: Circumstances): Obstacle | null {
  if (command === 'poll-interval') return given.role === 'viewer' ? { name: 'not-running' } : null
  if (given.server === 'gone' || given.server === 'connecting') return { name: given.server }
  if (given.forbidden !== null) return { name: 'forbidden', sentence: given.forbidden }
  if (command !== 'rate' && command !== 'pause') return null
  if (given.source === null) return { name: 'connecting' }
  if (given.source.kind === 'none') return { name: 'no-source' }
  // Lines come as fast as somebody writes them: they can be paused, and nothing else.
  return command === 'rate' && given.source.kind === 'stdin' ? { name: 'lines' } : null
}

/** Whether a cut would reach somebody else, who may be in the middle of something: then it is asked for twice. */
export function cutsOthers(hostname: string, others: number): boolean {
  return others > 0 || !LOOPBACK.test(hostname)
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/
