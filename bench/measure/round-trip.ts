import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { mean } from 'simple-statistics'

const REST_MS = 25

/**
 * Asks again and again, on one connection, for what is answered at once. What it returns ends that, and resolves to
 * the mean round trip in milliseconds: more than the distance that was set, since timers and busy processes take their
 * share, and as much as the readers have of it meanwhile.
 */
export function watchRoundTrip(host: string, port: number, signal: AbortSignal): () => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let over = false
  const asked = askUntilOver().finally(() => agent.destroy())
  // Whoever ends it hears of a failure; until then it is nobody's.
  asked.catch(() => {})
  return async () => {
    over = true
    return mean(await asked)
  }

  async function askUntilOver(): Promise<number[]> {
    const roundTripsMs: number[] = []
    // The first one opens the connection, too.
    await ask()
    while (!over || roundTripsMs.length === 0) {
      roundTripsMs.push(await ask())
      await delay(REST_MS, undefined, { signal })
    }
    return roundTripsMs
  }

  function ask(): Promise<number> {
    const askedMs = performance.now()
    return new Promise((resolve, reject) => {
      get({ host, port, agent, signal, path: '/api/clock' }, response => {
        response.resume().once('end', () => resolve(performance.now() - askedMs))
      }).once('error', reject)
    })
  }
}
