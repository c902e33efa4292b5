import { WebSocket } from 'ws'
import { checkEvery } from '../check-every.ts'
import type { Policy } from '../policy.ts'

/**
 * A WebSocket that emits `closing` when either side begins the closing handshake: after a Close frame no data may follow
 * (RFC 6455 §5.5.1), and `ws` itself emits nothing until the handshake is over. Given to the server as its class.
 */
export class PeerSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    const wasOpen = this.readyState === WebSocket.OPEN
    super.close(code, reason)
    if (wasOpen) this.emit('closing')
  }
}

/** Open WebSockets, which are pinged from time to time. */
export interface Peers extends Iterable<WebSocket> {
  readonly size: number
  add(socket: WebSocket): void
  /** Stops pinging. */
  close(): void
}

/**
 * A peer that vanished sends nothing, not even a close. Each peer is pinged as often as a stream gets a heartbeat, and its
 * socket is destroyed if no pong comes within `pongMs`. One timer for all.
 */
export function createPeers(policy: Policy, monotonicMs: () => number): Peers {
  const peers = new Map<WebSocket, PingState>()
  const stopChecking = checkEvery(policy.checkEveryMs, monotonicMs, check)

  return {
    get size() {
      return peers.size
    },
    [Symbol.iterator]: () => peers.keys(),
    add,
    close: stopChecking,
  }

  function add(socket: WebSocket): void {
    const state: PingState = { pingedAtMs: monotonicMs(), waiting: false }
    peers.set(socket, state)
    socket.on('pong', () => {
      state.waiting = false
    })
    socket.once('close', () => peers.delete(socket))
  }

  function check(nowMs: number, late: boolean): void {
    for (const [socket, state] of peers) {
      const sinceMs = nowMs - state.pingedAtMs
      if (state.waiting && sinceMs >= policy.pongMs && !late) socket.terminate()
      else if (!state.waiting && sinceMs >= policy.heartbeatMs && socket.bufferedAmount === 0) {
        state.waiting = true
        state.pingedAtMs = nowMs
        socket.ping()
      }
    }
  }
}

interface PingState {
  /** When it was last pinged, or added. */
  pingedAtMs: number
  /** The pong to the last ping has not arrived yet. */
  waiting: boolean
}
