import type { Socket } from 'node:net'
import { resetSocket } from '../delivery/reset-socket.ts'
import { HEAD_MAX_BYTES } from '../policy.ts'
import type { LinkConditions } from '../protocol/api.ts'
import { badGateway, type Grants } from './bad-gateway.ts'
import { type Ending, openDirection } from './direction.ts'
import { followResponses } from './responses.ts'

/** One connection on the link. */
export interface ProxiedConnection {
  /** The conditions have changed. */
  changed(): void
  /** Destroys it at both ends. */
  destroy(): void
}

/**
 * How long a reset waits after the last bytes. Sent together with them, it would discard them if they are not read yet, or
 * be taken for an end: libuv does that with a reset that it finds right behind data.
 */
const RESET_AFTER_MS = 20
/** How long a client may take to close after the link has ended its side. */
const LINGER_MS = 5000

/**
 * Joins two sockets, `near` the client's and `far` the server's. Refusing and buffering happen at the far end, so that the
 * link's own answers take as long as the server's.
 */
export function openProxiedConnection(
  near: Socket,
  far: Socket,
  conditions: () => LinkConditions,
  grants: Grants,
): ProxiedConnection {
  const openedAtMs = performance.now()
  const up = openDirection({
    from: near,
    to: far,
    conditions,
    // A handshake takes one round trip; here the kernel has already answered it.
    openAtMs: openedAtMs + 2 * (conditions().delayMs ?? 0),
    rated: false,
    arrive: forwardUp,
    arriveEnding: ending => finish(far, ending),
  })
  const down = openDirection({
    from: far,
    to: near,
    conditions,
    openAtMs: openedAtMs,
    rated: true,
    arrive: forwardDown,
    arriveEnding: ending => finish(near, ending),
  })
  const responses = followResponses()
  /** The head of a request that is being refused, as far as it has arrived. */
  let refusedHead = ''
  let held: Buffer[] = []
  let heldBytes = 0
  /** Bytes sent to the client since the conditions last changed. */
  let sentBytes = 0
  let closing = false

  near.on('data', up.push)
  near.on('end', () => up.end('fin'))
  near.on('error', () => {
    up.end('reset')
    down.close()
  })
  near.on('timeout', destroy)
  far.on('data', bytes => responses.read(bytes, buffer))
  far.on('end', () => {
    release()
    down.end('fin')
  })
  far.on('error', () => {
    release()
    down.end('reset')
    up.close()
  })
  limitIdling()
  return { changed, destroy }

  function changed(): void {
    sentBytes = 0
    limitIdling()
    release()
    up.changed()
    down.changed()
  }

  function destroy(): void {
    up.close()
    down.close()
    near.destroy()
    far.destroy()
  }

  /** A socket's own timeout restarts with every byte that it sends or receives. */
  function limitIdling(): void {
    near.setTimeout(closing ? LINGER_MS : (conditions().idleTimeoutMs ?? 0))
  }

  /** A request that has begun is served. A new one may be refused, and then no other follows on this connection. */
  function forwardUp(bytes: Buffer): void {
    const { refuseStatus } = conditions()
    if (responses.awaited || (refuseStatus === undefined && refusedHead === '')) {
      responses.awaited = true
      far.write(bytes)
      return
    }
    refusedHead += bytes.toString('latin1')
    if (!refusedHead.includes('\r\n\r\n') && refusedHead.length < HEAD_MAX_BYTES) return
    down.push(badGateway(refuseStatus ?? 502, refusedHead, grants))
    down.end('fin')
    stopReading()
    far.destroy()
  }

  function buffer(part: Buffer, unsized: boolean): void {
    const { buffer } = conditions()
    if (buffer === undefined || !unsized || (buffer.honoursHeader === true && responses.exempt)) {
      release()
      down.push(part)
      return
    }
    held.push(part)
    heldBytes += part.length
    if (heldBytes >= buffer.bytes) release()
  }

  function release(): void {
    for (const part of held) down.push(part)
    held = []
    heldBytes = 0
  }

  function forwardDown(bytes: Buffer): void {
    const { resetAfterBytes = Infinity, cutAfterBytes = Infinity } = conditions()
    const bytesLeft = Math.min(resetAfterBytes, cutAfterBytes) - sentBytes
    sentBytes += bytes.length
    if (bytes.length < bytesLeft) near.write(bytes)
    else cut(bytes.subarray(0, bytesLeft), resetAfterBytes <= cutAfterBytes)
  }

  function cut(lastBytes: Buffer, reset: boolean): void {
    down.close()
    stopReading()
    if (reset) {
      near.write(lastBytes, () => setTimeout(() => resetSocket(near), RESET_AFTER_MS))
      resetSocket(far)
    } else {
      near.end(lastBytes)
      far.destroy()
    }
  }

  /** From now on the client's bytes are dropped, and it only gets the rest. */
  function stopReading(): void {
    up.close()
    closing = true
    limitIdling()
  }
}

function finish(socket: Socket, ending: Ending): void {
  if (ending === 'fin') socket.end()
  else resetSocket(socket)
}
