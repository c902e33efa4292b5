import type { Socket } from 'node:net'

/**
 * What a follower writes to. A TCP socket is the first kind of it; nothing else of a socket is needed, and there is
 * no reading here: what a reader says back is its room's business.
 */
export interface Sink {
  /** Everything written has left for the kernel: the next may follow. */
  readonly writable: boolean
  /** Hands over bytes. Whether they have left at once tells `writable`. */
  write(bytes: Uint8Array): void
  /** Calls back each time a write that had to wait has left. */
  onDrain(drained: () => void): void
  /** Ends it without a word. */
  destroy(): void
}

const NOTHING = new Uint8Array(0)

/**
 * A TCP socket as a sink. It is drained when Node holds nothing of it any more: `writableNeedDrain` would not do,
 * since Node lets 16 KiB pile up before it says so. No callback goes with each write, which would cost every delivery;
 * only behind one that had to wait an empty write is queued, to be told when it left.
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
    // The peer has closed in the meantime, and whoever follows with this sink is about to be told.
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
      // Destroyed or ended meanwhile, perhaps with bytes of another writer in its buffer, which will never leave.
      if (!this.#socket.writable) return
      this.writable = this.#socket.writableLength === 0
      if (this.writable) this.#drained()
      else this.#wait()
    })
  }
}
