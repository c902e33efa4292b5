import type { SourceKind } from '../../../../server/protocol/api.ts'
import type { CommandFailure } from './command-failure.ts'
import type { ServerPresence, TabRole } from './presence.ts'

export type CommandName = 'rate' | 'pause' | 'emit' | 'burst' | 'kill' | 'reset' | 'poll-interval'

/** What decides whether a control can be used. */
export interface Circumstances {
  readonly server: ServerPresence
  readonly role: TabRole
  readonly source: { readonly kind: SourceKind } | null
  /** Why this server refuses every command from here, if it does. */
  readonly forbidden: CommandFailure | null
}

/** Why a control would do nothing now. */
export type Obstacle =
  | { readonly name: 'connecting' | 'gone' | 'no-source' | 'lines' | 'not-running' }
  | { readonly name: 'forbidden'; readonly failure: CommandFailure }

/** `null` where a control works. Commands travel by HTTP and work without the page's WebSocket. */
export function obstacleTo(command: CommandName, given: Circumstances): Obstacle | null {
  if (command === 'poll-interval') return given.role === 'viewer' ? { name: 'not-running' } : null
  if (given.server === 'gone' || given.server === 'connecting') return { name: given.server }
  if (given.forbidden !== null) return { name: 'forbidden', failure: given.forbidden }
  if (command !== 'rate' && command !== 'pause') return null
  if (given.source === null) return { name: 'connecting' }
  if (given.source.kind === 'none') return { name: 'no-source' }
  // Lines come as fast as they are written, so that only the pause has an effect.
  return command === 'rate' && given.source.kind === 'stdin' ? { name: 'lines' } : null
}

/** Whether a cut would reach other people, who may be in the middle of something: then it needs a confirmation. */
export function cutsOthers(hostname: string, others: number): boolean {
  return others > 0 || !LOOPBACK.test(hostname)
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/
