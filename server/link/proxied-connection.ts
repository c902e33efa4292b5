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
  /** Breaks it off at both ends. */
  destroy(): void
}

/**
 * How long a reset waits behind the last bytes. Together with them it would throw them away where they are not read
 * yet, or be taken for an end: libuv does that with a reset that it finds right behind data.
 */
const RESET_AFTER_MS = 20
/** How long an end that was told goodbye may take to close. */
const LINGER_MS = 5000

/**
 * Joins two sockets, `near` a client's and `far` the server's. The proxy that refuses requests and buffers responses
 * stands at the far end of the way, so that what it says takes as long as what the server says.
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
    // The handshake takes one round trip, which the kernel has answered at once.
    openAtMs: openedAtMs + 2 * (conditions().delayMs ?? 0),
    rated: false,
    arrive: ask,
    arriveEnding: ending => finish(far, ending),
  })
  const down = openDirection({
    from: far,
    to: near,
    conditions,
    openAtMs: openedAtMs,
    rated: true,
    arrive: tell,
    arriveEnding: ending => finish(near, ending),
  })
  const responses = followResponses()
  /** What has come of the head of a request that is being refused. */
  let refusedHead = ''
  let held: Buffer[] = []
  let heldBytes = 0
  /** Bytes that went to the client since the conditions were last changed. */
  let toldBytes = 0
  let leaving = false

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
    toldBytes = 0
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

  /** A socket's own clock starts again with every byte that it sends or receives. */
  function limitIdling(): void {
    near.setTimeout(leaving ? LINGER_MS : (conditions().idleTimeoutMs ?? 0))
  }

  /** Whoever has begun to ask is served; new requests may be refused, and none comes after that. */
  function ask(bytes: Buffer): void {
    const { refuseStatus } = conditions()
    if (responses.asked || (refuseStatus === undefined && refusedHead === '')) {
      responses.asked = true
      far.write(bytes)
      return
    }
    refusedHead += bytes.toString('latin1')
    if (!refusedHead.includes('\r\n\r\n') && refusedHead.length < HEAD_MAX_BYTES) return
    down.push(badGateway(refuseStatus ?? 502, refusedHead, grants))
    down.end('fin')
    leave()
    far.destroy()
  }

  function buffer(piece: Buffer, unsized: boolean): void {
    const { buffer } = conditions()
    if (buffer === undefined || !unsized || (buffer.honoursHeader === true && responses.exempt)) {
      release()
      down.push(piece)
      return
    }
    held.push(piece)
    heldBytes += piece.length
    if (heldBytes >= buffer.bytes) release()
  }

  function release(): void {
    for (const piece of held) down.push(piece)
    held = []
    heldBytes = 0
  }

  function tell(bytes: Buffer): void {
    const { resetAfterBytes = Infinity, cutAfterBytes = Infinity } = conditions()
    const bytesLeft = Math.min(resetAfterBytes, cutAfterBytes) - toldBytes
    toldBytes += bytes.length
    if (bytes.length < bytesLeft) near.write(bytes)
    else breakOff(bytes.subarray(0, bytesLeft), resetAfterBytes <= cutAfterBytes)
  }

  function breakOff(lastBytes: Buffer, reset: boolean): void {
    down.close()
    leave()
    if (reset) {
      near.write(lastBytes, () => setTimeout(() => resetSocket(near), RESET_AFTER_MS))
      resetSocket(far)
    } else {
      near.end(lastBytes)
      far.destroy()
    }
  }

  /** From now on the client is not listened to, only told the rest. */
  function leave(): void {
    up.close()
    leaving = true
    limitIdling()
  }
}

function finish(socket: Socket, ending: Ending): void {
  if (ending === 'fin') socket.end()
  else resetSocket(socket)
}
