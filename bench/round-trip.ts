import { Agent, get } from 'node:http'
import { quantile } from 'simple-statistics'
import { DOORS } from '../server/protocol.ts'

const ASKS = 5

/**
 * The round trip of an ask that is answered at once, on a connection that is open: the median of a few, in
 * milliseconds. What was set is less than that, since timers and a process that does something take their share.
 */
export async function measureRoundTripMs(host: string, port: number, signal: AbortSignal): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    await ask()
    const roundTripsMs: number[] = []
    for (let count = 0; count < ASKS; count++) roundTripsMs.push(await ask())
    return quantile(roundTripsMs, 0.5)
  } finally {
    agent.destroy()
  }

  function ask(): Promise<number> {
    const askedMs = performance.now()
    return new Promise((resolve, reject) => {
      get({ host, port, agent, signal, path: DOORS.poll }, response => {
        response.resume().once('end', () => resolve(performance.now() - askedMs))
      }).once('error', reject)
    })
  }
}
