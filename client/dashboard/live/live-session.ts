import { text } from '../../text.ts'
import { labUrl, pageOrigin } from '../base.ts'
import { browserEnvironment } from '../browser-environment.ts'
import type { ControlToken } from '../control-token.ts'
import { type Api, CommandRefused, createApi } from './api.ts'
import { openControlSocket } from './control-socket.ts'
import { claimLanes } from './lane-ownership.ts'
import { type LaneRunner, runLanes } from './lane-runner.ts'
import { createPageState, type PageState, POLL_INTERVAL_DEFAULT_MS } from './page-state.ts'

/** What a person can do on the live page; buttons and keys call the same functions. */
export interface Commands {
  setRate(rate: number): void
  togglePause(): void
  setPollInterval(pollIntervalMs: number): void
  emit(): void
  burst(): void
  kill(): void
  reset(): void
  takeOver(): void
}

export interface LiveSession {
  readonly state: PageState
  readonly commands: Commands
  /** Epoch milliseconds on the server's clock, as well as it is known. */
  now(): number
  close(): void
}

const BURST = 100
const RATE_DEFAULT = 2
/** Another tab, or a program, may change the source; nobody is told, so it is asked. */
const SOURCE_EVERY_MS = 5_000

/** Everything that happens on the live page except drawing: the control socket, the lanes, the commands. */
export function openLiveSession(token: ControlToken): LiveSession {
  const clientName = drawName()
  const state = createPageState()
  const api: Api = createApi(token)
  const environment = browserEnvironment(() => state.clock?.offsetMs ?? 0)
  let runner: LaneRunner | null = null
  let wasGone = false
  let rateBeforePause = RATE_DEFAULT
  let hiddenSince: { readonly at: number; readonly asks: number } | null = null

  const control = openControlSocket(clientName, {
    opened: () => {
      state.server = 'ready'
      void refreshSource()
      void startLanes()
    },
    lost: () => {
      state.server = 'gone'
      wasGone = true
    },
    stats: (stats, client) => {
      state.top = { epoch: stats.log.epoch, seq: stats.log.top }
      if (client !== undefined) state.traffic.add(environment.now(), client)
    },
    clock: estimate => {
      state.clock = estimate
      void startLanes()
    },
  })
  const ownership = claimLanes(
    clientName,
    role => {
      state.role = role
      if (role === 'owner') void startLanes()
      else stopLanes()
    },
    labUrl('/').pathname,
  )
  const sourceTimer = setInterval(() => {
    if (state.server === 'ready' && !document.hidden) void refreshSource()
  }, SOURCE_EVERY_MS)
  const wake = () => runner?.wake()
  document.addEventListener('visibilitychange', noticeVisibility)
  document.addEventListener('securitypolicyviolation', renew)
  addEventListener('online', wake)
  addEventListener('pageshow', wake)

  return {
    state,
    commands: {
      setRate: rate => obey(() => setRate(rate)),
      togglePause: () => obey(togglePause),
      setPollInterval,
      emit: () => obey(() => api.emit().then(() => text.controls.said.emitted)),
      burst: () => obey(() => api.burst(BURST).then(() => text.controls.said.burst)),
      kill: () => obey(() => api.kill().then(text.controls.said.killed)),
      reset: () => obey(reset),
      takeOver: () => ownership.takeOver(),
    },
    now: environment.now,
    close,
  }

  /** The lanes start when this tab may run them and the clock is known: a latency before that would be a guess. */
  async function startLanes(): Promise<void> {
    if (state.role !== 'owner' || state.clock === null || state.server !== 'ready') return
    const origin = await api.health().then(
      health => (health.road === null ? pageOrigin() : roadOrigin(health.road.port)),
      () => null,
    )
    if (origin === null || state.role !== 'owner' || runner?.origin === origin) return
    const resume = runner !== null
    runner?.close()
    runner = runLanes(origin, clientName, environment, state, resume)
  }

  function stopLanes(): void {
    runner?.close()
    runner = null
  }

  /**
   * The policy came with the page and knows the road of that time only: the one of a server that came back may be
   * another. Only then, or a policy that is wrong from the first would load the page for ever.
   */
  function renew(): void {
    if (wasGone) location.reload()
  }

  async function refreshSource(): Promise<void> {
    const source = await api.source().catch(() => null)
    if (source !== null) state.source = source
  }

  async function setRate(rate: number): Promise<string> {
    state.source = await api.setRate(rate)
    if (rate > 0) rateBeforePause = rate
    return rate === 0 ? text.controls.said.paused : text.controls.said.resumed(rate)
  }

  function togglePause(): Promise<string> {
    const rate = state.source?.rate ?? 0
    if (rate > 0) rateBeforePause = rate
    return setRate(rate > 0 ? 0 : rateBeforePause)
  }

  function setPollInterval(pollIntervalMs: number): void {
    if (pollIntervalMs === state.pollIntervalMs) return
    state.pollIntervalMs = pollIntervalMs
    // What arrives with the next ask has still waited under the old interval.
    state.comparableSince = environment.now() + pollIntervalMs
    runner?.setPollInterval(pollIntervalMs)
  }

  async function reset(): Promise<string> {
    await api.reset()
    setPollInterval(POLL_INTERVAL_DEFAULT_MS)
    await refreshSource()
    return text.controls.said.reset
  }

  function obey(command: () => Promise<string>): void {
    command().then(
      sentence => {
        state.said = { sentence, failed: false }
      },
      (error: unknown) => {
        if (!(error instanceof CommandRefused)) throw error
        state.said = { sentence: error.message, failed: true }
      },
    )
  }

  function noticeVisibility(): void {
    const now = environment.now()
    if (document.hidden) {
      hiddenSince = { at: now, asks: state.lanes.poll.counts().asks }
      return
    }
    wake()
    if (hiddenSince === null || state.role !== 'owner') return
    const { at, asks } = hiddenSince
    hiddenSince = null
    const expected = Math.floor((now - at) / state.pollIntervalMs)
    const sentence = text.strip.hidden(now - at, state.lanes.poll.counts().asks - asks, expected)
    state.hidden = { from: at, to: now, sentence }
  }

  function close(): void {
    clearInterval(sourceTimer)
    document.removeEventListener('visibilitychange', noticeVisibility)
    document.removeEventListener('securitypolicyviolation', renew)
    removeEventListener('online', wake)
    removeEventListener('pageshow', wake)
    stopLanes()
    ownership.close()
    control.close()
  }
}

/** The lanes travel through the road's door: another origin, so that they never take the page's own sockets. */
function roadOrigin(port: number): string {
  return `${location.protocol}//${location.hostname}:${port}`
}

/** Eight of `[a-z0-9]`, drawn per page load. */
function drawName(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), byte => letters[byte % 36]).join('')
}
