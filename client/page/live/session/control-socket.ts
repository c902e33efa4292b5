import type { ControlMessage, ControlPing, Stats, TechniqueTraffic } from '../../../../server/protocol/api.ts'
import { CONTROL_ENDPOINT } from '../../../../server/protocol/techniques.ts'
import { labUrl } from '../../shared/address.ts'
import { pageNow } from '../../shared/browser-environment.ts'
import {
  type ClockEstimate,
  estimateClock,
  measureClockStep,
  type RoundTrip,
} from '../store/clock-estimate.ts'

interface ControlListener {
  opened(): void
  lost(): void
  stats(stats: Stats, client: TechniqueTraffic | undefined): void
  clock(estimate: ClockEstimate): void
}

const CLOCK_TRIPS = 20
const CLOCK_EVERY_MS = 30_000
/** Statistics come five times a second. Without any for this long, the connection is dead, closed or not. */
const WATCHDOG_MS = 3_000
const RETRY_FIRST_MS = 500
const RETRY_MAX_MS = 5_000

export interface ControlSocket {
  /** Measures the clock again now: the device slept, and its clock stood still. */
  measureClock(): void
}

/** The page's one own WebSocket, for reading only: statistics and the clock. Reconnects for as long as the page is open. */
export function openControlSocket(clientName: string, listener: ControlListener): ControlSocket {
  const clockStepMs = measureClockStep(pageNow)
  let socket: WebSocket | null = null
  let retryMs = RETRY_FIRST_MS
  let trips: RoundTrip[] = []
  let sentAt = 0
  let pings = 0
  let clockTimer: ReturnType<typeof setTimeout> | undefined
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let watchdog: ReturnType<typeof setTimeout> | undefined

  connect()
  return { measureClock }

  function connect(): void {
    const url = labUrl(CONTROL_ENDPOINT)
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
    url.search = `?client=${clientName}`
    const opening = new WebSocket(url)
    socket = opening
    opening.addEventListener('open', () => {
      if (socket !== opening) return
      retryMs = RETRY_FIRST_MS
      heard()
      listener.opened()
      measureClock()
    })
    opening.addEventListener('message', message => {
      if (socket === opening) read(String(message.data))
    })
    opening.addEventListener('close', () => {
      if (socket === opening) lose()
    })
  }

  function read(message: string): void {
    heard()
    const control = JSON.parse(message) as ControlMessage
    if ('stats' in control) listener.stats(control.stats, control.client)
    else if (control.pong === pings) answered(control.at)
  }

  function measureClock(): void {
    clearTimeout(clockTimer)
    trips = []
    ping()
  }

  /** One at a time: pings sent together would wait for each other and seem slow. */
  function ping(): void {
    if (socket?.readyState !== WebSocket.OPEN) return
    pings++
    sentAt = pageNow()
    socket.send(JSON.stringify({ ping: pings } satisfies ControlPing))
  }

  function answered(serverAt: number): void {
    trips.push({ sentAt, answeredAt: pageNow(), serverAt })
    if (trips.length < CLOCK_TRIPS) {
      ping()
      return
    }
    const estimate = estimateClock(trips, clockStepMs)
    if (estimate !== null) listener.clock(estimate)
    clockTimer = setTimeout(measureClock, CLOCK_EVERY_MS)
  }

  function heard(): void {
    clearTimeout(watchdog)
    watchdog = setTimeout(lose, WATCHDOG_MS)
  }

  function lose(): void {
    drop()
    listener.lost()
    retryTimer = setTimeout(connect, retryMs * (0.75 + Math.random() / 2))
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
  }

  function drop(): void {
    clearTimeout(clockTimer)
    clearTimeout(watchdog)
    clearTimeout(retryTimer)
    const dropped = socket
    socket = null
    dropped?.close()
  }
}
