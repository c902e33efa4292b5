import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { mean } from 'simple-statistics'

const REST_MS = 25

/**
 * Sends requests that are answered at once, one after another on one connection. The function returned ends that and
 * resolves to the mean round trip in milliseconds. That is more than the distance that was set, since timers and busy
 * processes take their share, and as much as the readers' own round trips take meanwhile.
 */
export function watchRoundTrip(host: string, port: number, signal: AbortSignal): () => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let over = false
  const measured = measureUntilOver().finally(() => agent.destroy())
  // The caller learns of a failure when it ends the watch; until then it must not count as unhandled.
  measured.catch(() => {})
  return async () => {
    over = true
    return mean(await measured)
  }

  async function measureUntilOver(): Promise<number[]> {
    const roundTripsMs: number[] = []
    // The first request opens the connection as well.
    await request()
    while (!over || roundTripsMs.length === 0) {
      roundTripsMs.push(await request())
      await delay(REST_MS, undefined, { signal })
    }
    return roundTripsMs
  }

  function request(): Promise<number> {
    const sentMs = performance.now()
    return new Promise((resolve, reject) => {
      get({ host, port, agent, signal, path: '/api/clock' }, response => {
        response.resume().once('end', () => resolve(performance.now() - sentMs))
      }).once('error', reject)
    })
  }
}
