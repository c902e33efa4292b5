import type { Writable } from 'node:stream'

/**
 * Lets the process go on when nobody takes what it writes: a pipe whose reader has gone (EPIPE), a full disk (ENOSPC), a
 * terminal that was closed (EIO). What is written then is lost; without a listener, the stream's `error` would end the
 * process.
 */
export function outliveOutput(...outputs: readonly Writable[]): void {
  for (const output of outputs) output.on('error', () => {})
}
