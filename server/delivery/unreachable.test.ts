import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connectionOf, disconnectUnreachable, retransmittingIn } from './unreachable.ts'

/** As Linux writes it on a little-endian machine: our port is 5555, and the second connection has retransmissions. */
const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   1: 0100630A:15B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 669081 1 00000000e0fb8575 100 0 0 10 0
 539: 0100630A:15B3 0200630A:96A4 01 000000C8:00000000 01:0000002E 00000002     0        0 669146 2 00000000328a41fb 81 0 0 1 -1
 540: 0100630A:15B3 0200630A:96A5 01 000000C8:00000000 01:0000002E 00000000     0        0 669147 2 00000000328a41fb 81 0 0 1 -1
`
const TABLE6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt
   0: B80D0120000000000000000001000000:0BB8 B80D0120000000000000000002000000:D431 01 00000010:00000000 01:00000010 00000001 0 0 1
`

describe.runIf(process.arch === 'x64' || process.arch === 'arm64')('the kernel’s table', () => {
  it('names the connections with retransmissions like their sockets', () => {
    expect(retransmittingIn(TABLE)).toEqual([
      connectionOf({ localPort: 5555, remoteAddress: '10.99.0.2', remotePort: 0x96a4 }),
    ])
    expect(retransmittingIn(TABLE6)).toEqual([
      connectionOf({ localPort: 3000, remoteAddress: '2001:db8::2', remotePort: 54_321 }),
    ])
    expect(retransmittingIn('')).toEqual([])
  })
})

describe('a client that acknowledges nothing', () => {
  let stop = () => {}
  afterEach(() => {
    stop()
    vi.useRealTimers()
  })

  function watch(addresses: readonly string[]) {
    vi.useFakeTimers()
    const sockets = addresses.map((remoteAddress, n) =>
      Object.assign(new EventEmitter(), { remoteAddress, remotePort: n, localPort: 1 }),
    ) as unknown as Socket[]
    const stuck = new Set<string>()
    const gone: number[] = []
    let asked = 0
    const reachability = disconnectUnreachable({
      disconnect(socket) {
        gone.push(sockets.indexOf(socket))
        socket.emit('close')
      },
      unackedMs: 600,
      monotonicMs: () => Date.now(),
      retransmitting: async () => {
        asked += 1
        return stuck
      },
    })
    stop = reachability.close
    for (const socket of sockets) reachability.watch(socket)
    const name = (n: number) => connectionOf(sockets[n] as Socket)
    return { stuck, gone, name, asked: () => asked, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) }
  }

  it('is disconnected when that has lasted long enough, and no other client', async () => {
    const { stuck, gone, name, pass } = watch(['192.0.2.1', '192.0.2.2'])
    stuck.add(name(1))
    await pass(600)
    expect(gone).toEqual([])
    await pass(200)
    expect(gone).toEqual([1])
    await pass(5000)
    expect(gone).toEqual([1])
  })

  it('gets the whole time again if it has acknowledged something in between', async () => {
    const { stuck, gone, name, pass } = watch(['192.0.2.1'])
    for (let round = 0; round < 4; round += 1) {
      stuck.add(name(0))
      await pass(500)
      stuck.clear()
      await pass(100)
    }
    expect(gone).toEqual([])
  })

  it('is not checked for if all clients are on this machine', async () => {
    const { asked, pass } = watch(['127.0.0.1', '::1', '::ffff:127.0.0.1'])
    await pass(5000)
    expect(asked()).toBe(0)
  })
})
