import { WebSocket } from 'ws'
import { checkEvery } from '../check-every.ts'
import type { Policy } from '../policy.ts'

/**
 * A WebSocket that emits `closing` when either side begins the closing handshake: after a Close frame no data may
 * follow (RFC 6455 §5.5.1), and `ws` itself tells nobody until it is over. Given to the server as its class.
 */
export class PeerSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    const wasOpen = this.readyState === WebSocket.OPEN
    super.close(code, reason)
    if (wasOpen) this.emit('closing')
  }
}

/** The other ends of WebSockets, asked from time to time whether they are still there. */
export interface Peers extends Iterable<WebSocket> {
  readonly size: number
  add(socket: WebSocket): void
  /** Stops asking. */
  close(): void
}

/**
 * A peer that vanished sends nothing, not even a close: it is pinged as often as a stream gets a heartbeat, and its
 * socket is destroyed where no pong comes within `pongMs`. One timer for all.
 */
export function createPeers(policy: Policy, monotonicMs: () => number): Peers {
  const peers = new Map<WebSocket, Asked>()
  const stopChecking = checkEvery(policy.checkEveryMs, monotonicMs, ask)

  return {
    get size() {
      return peers.size
    },
    [Symbol.iterator]: () => peers.keys(),
    add,
    close: stopChecking,
  }

  function add(socket: WebSocket): void {
    const asked: Asked = { atMs: monotonicMs(), waiting: false }
    peers.set(socket, asked)
    socket.on('pong', () => {
      asked.waiting = false
    })
    socket.once('close', () => peers.delete(socket))
  }

  function ask(nowMs: number, late: boolean): void {
    for (const [socket, asked] of peers) {
      const sinceMs = nowMs - asked.atMs
      if (asked.waiting && sinceMs >= policy.pongMs && !late) socket.terminate()
      else if (!asked.waiting && sinceMs >= policy.heartbeatMs && socket.bufferedAmount === 0) {
        asked.waiting = true
        asked.atMs = nowMs
        socket.ping()
      }
    }
  }
}

interface Asked {
  atMs: number
  /** Its answer to the last ping has not come yet. */
  waiting: boolean
}
