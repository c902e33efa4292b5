import { EventSource } from 'eventsource'
import { WebSocket } from 'ws'
import type { Environment } from '../../client/reader/environment.ts'

/**
 * `ws` waits 30 s for a peer that does not answer its close frame, and would keep the process for so long.
 * (Held apart, because the published types do not know `closeTimeout` yet.)
 */
const CLIENT_OPTIONS = { perMessageDeflate: false, closeTimeout: 300 }

/** The environment of a reader in Node: test support, and a browser's stand-in where none is at hand. */
export function nodeEnvironment(differences: Partial<Environment> = {}): Environment {
  return {
    fetch,
    EventSource,
    WebSocket: HastyWebSocket,
    now: () => performance.timeOrigin + performance.now(),
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: timer => clearTimeout(timer as NodeJS.Timeout),
    random: Math.random,
    ...differences,
  }
}

class HastyWebSocket extends WebSocket {
  constructor(url: string) {
    super(url, CLIENT_OPTIONS)
  }
}
