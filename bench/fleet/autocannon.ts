/**
 * autocannon, used only for what it measures soundly: closed-loop HTTP requests, and opening connections.
 *
 * Its traps: its coordinated-omission correction assumes an interval of 1 ms, so no rate is set (without one nothing is
 * corrected, and version 9 refuses `ignoreCoordinatedOmission`). Its own latencies are whole milliseconds, so they are
 * taken from the `response` event. A run that ends by time abandons requests that the server has counted, so every run
 * ends by amount. `reconnectRate` never counts the response before a reconnect, so opening is measured by runs of one
 * request per connection.
 */
import autocannon from 'autocannon'
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'

export interface CannonSettings {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly amount: number
}

export interface CannonCount {
  /** Answers received. The figure is void unless the server counted as many. */
  readonly total: number
  /** Answers by status code (autocannon itself counts a 304 under `non2xx`). */
  readonly statuses: Readonly<Record<string, number>>
  readonly errors: number
  readonly timeouts: number
  readonly mismatches: number
  /** From the first request to the last answer. */
  readonly elapsedMs: number
  /** Histogram of microseconds per answer, mergeable. */
  readonly latencyUs: string
}

/** How often autocannon checks whether it is done; nothing is computed from its samples. */
const SAMPLE_MS = 20

export async function fireCannon(settings: CannonSettings): Promise<CannonCount> {
  const latency = build({ highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 })
  const startedAt = performance.now()
  let lastAnswerAt = startedAt
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const options: autocannon.Options = {
      url: `http://127.0.0.1:${settings.port}${settings.path}`,
      headers: { ...settings.headers },
      connections: settings.connections,
      amount: settings.amount,
      sampleInt: SAMPLE_MS,
    }
    const run = autocannon(options, (error, done) => (error ? reject(error) : resolve(done)))
    run.on('response', (_client, _status, _bytes, durationMs) => {
      lastAnswerAt = performance.now()
      latency.recordValue(Math.round(durationMs * 1000))
    })
  })
  const byStatus = (result as { statusCodeStats?: Record<string, { count: number }> }).statusCodeStats ?? {}
  return {
    total: result.requests.total,
    statuses: Object.fromEntries(Object.entries(byStatus).map(([status, { count }]) => [status, count])),
    errors: result.errors,
    timeouts: result.timeouts,
    mismatches: result.mismatches,
    elapsedMs: lastAnswerAt - startedAt,
    latencyUs: encodeIntoCompressedBase64(latency),
  }
}
