import { EventEmitter } from 'node:events'
import { expect, it, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { limitFrames } from './frame-limit.ts'

class Peer extends EventEmitter {
  bufferedAmount = 0
  terminate = vi.fn()
  close = vi.fn()
}

it.each(['message', 'ping', 'pong'])(
  'hangs up on a peer that sends a %s and does not read the answers',
  kind => {
    const peer = new Peer()
    limitFrames(peer as unknown as WebSocket, () => 0)
    peer.bufferedAmount = 64 * 1024
    peer.emit(kind)
    expect(peer.terminate).not.toHaveBeenCalled()
    peer.bufferedAmount = 1024 * 1024
    peer.emit(kind)
    expect(peer.terminate).toHaveBeenCalledOnce()
  },
)
