import { EventSource } from 'eventsource'
import { WebSocket } from 'ws'
import type { Environment } from '../../client/reader/environment.ts'

/**
 * `ws` waits 30 s for a peer that does not answer its close frame, which would keep the process alive for as long.
 * (A constant of its own, because the published types do not know `closeTimeout` yet.)
 */
const CLIENT_OPTIONS = { perMessageDeflate: false, closeTimeout: 300 }

/** What a reader needs from its platform, in Node. */
export function nodeEnvironment(differences: Partial<Environment> = {}): Environment {
  return {
    fetch,
    EventSource,
    WebSocket: FastClosingWebSocket,
    now: () => performance.timeOrigin + performance.now(),
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: timer => clearTimeout(timer as NodeJS.Timeout),
    random: Math.random,
    ...differences,
  }
}

class FastClosingWebSocket extends WebSocket {
  constructor(url: string) {
    super(url, CLIENT_OPTIONS)
  }
}
