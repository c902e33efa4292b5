import type { Socket } from 'node:net'

/**
 * What a follower writes to. A TCP socket is the first kind of sink. There is no method to read, because a technique that
 * lets clients talk back reads by itself.
 */
export interface Sink {
  /** Everything written has been passed to the kernel, so more may be written. */
  readonly writable: boolean
  /** Writes bytes. Afterwards, `writable` says whether the kernel has taken them. */
  write(bytes: Uint8Array): void
  /** Calls back each time a write that had to wait has been passed to the kernel. */
  onDrain(drained: () => void): void
  /** Closes it without sending anything. */
  destroy(): void
}

const NOTHING = new Uint8Array(0)

/**
 * A TCP socket as a sink. It is drained when Node holds none of its bytes: `writableNeedDrain` would not do, because it
 * allows 16 KiB to pile up first. A callback for each write would cost every delivery, so only a write that had to wait is
 * followed by an empty write, whose callback says when it has left.
 */
export class TcpSink implements Sink {
  writable = true
  readonly #socket: Socket
  #drained = () => {}

  constructor(socket: Socket) {
    this.#socket = socket
  }

  write(bytes: Uint8Array): void {
    const socket = this.#socket
    // The peer has closed the connection, and the follower's `close` event is about to come.
    if (!socket.writable) return
    socket.write(bytes)
    if (socket.writableLength > 0 && this.writable) this.#wait()
  }

  onDrain(drained: () => void): void {
    this.#drained = drained
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #wait(): void {
    this.writable = false
    this.#socket.write(NOTHING, () => {
      // Destroyed or ended in the meantime, perhaps with bytes of another writer that will never leave its buffer.
      if (!this.#socket.writable) return
      this.writable = this.#socket.writableLength === 0
      if (this.writable) this.#drained()
      else this.#wait()
    })
  }
}
