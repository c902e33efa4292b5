import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * The answer whose turn it is on a connection; null if no request is unanswered. This is Node's own record, which its
 * default handlers use as well; there is no public one.
 */
export function presentAnswer(socket: Socket): ServerResponse | null {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? null
}
