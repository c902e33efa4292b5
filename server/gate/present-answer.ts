import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * The answer whose turn it is on a connection; null where no request is unanswered. Node's own record of it, which its
 * default handlers go by as well; there is no public one.
 */
export function presentAnswer(socket: Socket): ServerResponse | null {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? null
}
