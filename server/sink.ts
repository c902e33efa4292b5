import type { Socket } from 'node:net'

/**
 * What a follower writes to. A TCP socket is the first kind of it; nothing else of a socket is needed, and there is
 * no reading here: what a reader says back is its room's business.
 */
export interface Sink {
  /** Everything written has left for the kernel, and the other side has not gone. */
  readonly writable: boolean
  /** Hands over bytes. Whether they have left at once tells `writable`. */
  write(bytes: Uint8Array): void
  /** Calls back each time a write that had to wait has left. */
  onDrain(drained: () => void): void
  /** Ends it without a word. */
  destroy(): void
}

/**
 * A TCP socket as a sink. It is drained when Node holds nothing of it any more: `writableNeedDrain` would not do,
 * since Node lets 16 KiB pile up before it says so. `open` adds what else must hold for it to be written to.
 */
export function tcpSink(socket: Socket, open: () => boolean = () => true): Sink {
  let onDrained = () => {}
  let waiting = false

  return {
    get writable() {
      return socket.writableLength === 0 && socket.writable && open()
    },
    write(bytes) {
      socket.write(bytes, left)
      waiting = socket.writableLength > 0
    },
    onDrain(drained) {
      onDrained = drained
    },
    destroy: () => socket.destroy(),
  }

  function left(): void {
    if (!waiting || socket.writableLength > 0) return
    waiting = false
    onDrained()
  }
}
