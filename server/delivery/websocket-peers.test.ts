import { afterEach, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type StartedLab, startLab } from '../testing/start-lab.ts'

let lab: StartedLab | null = null
afterEach(async () => {
  await lab?.stop()
  lab = null
})

it.each(['/ws', '/control'])(
  'disconnects a peer of %s that answers no ping, and keeps one that does',
  async path => {
    lab = await startLab({ policy: { heartbeatMs: 60, pongMs: 120, checkEveryMs: 20 } })
    const { meter } = lab.lab
    const open = async (autoPong: boolean) => {
      const socket = new WebSocket(`${lab?.origin.replace('http', 'ws')}${path}`, { autoPong })
      let pings = 0
      socket.on('ping', () => {
        pings += 1
      })
      socket.on('error', () => {})
      await new Promise(resolve => socket.once('open', resolve))
      return { socket, pings: () => pings }
    }
    const [alive, mute] = [await open(true), await open(false)]
    expect(meter.allSockets()).toHaveLength(2)
    await expect.poll(() => mute.socket.readyState, { timeout: 5000 }).toBe(WebSocket.CLOSED)
    await expect.poll(alive.pings, { timeout: 5000 }).toBeGreaterThan(2)
    expect(alive.socket.readyState).toBe(WebSocket.OPEN)
    expect(meter.allSockets()).toHaveLength(1)
    alive.socket.terminate()
  },
)
