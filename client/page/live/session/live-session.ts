import type { TechniqueTraffic } from '../../../../server/protocol/api.ts'
import { TECHNIQUES, type Technique } from '../../../../server/protocol/techniques.ts'
import type { SubscriptionState } from '../../../reader/subscribe.ts'
import { labUrl, pageOrigin } from '../../shared/address.ts'
import { browserEnvironment } from '../../shared/browser-environment.ts'
import type { ControlToken } from '../../shared/control-token.ts'
import { isLane, reloadOnce } from '../../shared/reload.ts'
import { text } from '../../shared/text/en.ts'
import { type CommandName, obstacleTo } from '../store/obstacle.ts'
import { createPageState, type PageState, POLL_INTERVAL_DEFAULT_MS } from '../store/page-state.ts'
import { type Api, CommandRefused, createApi } from './api.ts'
import { openControlSocket } from './control-socket.ts'
import { claimLanes } from './lane-ownership.ts'
import { type LaneRunner, runLanes } from './lane-runner.ts'
import { createOutageWatch, keepsAway } from './outage-watch.ts'

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
const LOOK_EVERY_MS = 1_000
/** The first loss may be a server that is started anew: only after the next is it asked otherwise. */
const LOSSES_TO_ASK = 2

/** Everything that happens on the live page except drawing: the control socket, the lanes, the commands. */
export function openLiveSession(token: ControlToken): LiveSession {
  const clientName = drawName()
  const state = createPageState()
  const api: Api = createApi(token)
  const environment = browserEnvironment(() => state.clock?.offsetMs ?? 0)
  let runner: LaneRunner | null = null
  let wasGone = false
  let losses = 0
  let explaining = false
  const outage = createOutageWatch()
  let rateBeforePause = RATE_DEFAULT
  let hiddenSince: { readonly atMs: number; readonly asks: number } | null = null

  const control = openControlSocket(clientName, {
    opened: () => {
      state.server = 'ready'
      state.forbidden = null
      losses = 0
      void refreshSource()
      void startLanes()
    },
    lost: () => {
      wasGone = true
      losses += 1
      if (state.server !== 'unheard') state.server = 'gone'
      if (losses >= LOSSES_TO_ASK) void askOtherwise()
    },
    stats: (stats, client) => {
      state.top = { epoch: stats.log.epoch, seq: stats.log.top }
      if (client === undefined) return
      state.traffic.add(environment.now(), client)
      state.connections = connectionsOf(stats.techniques)
      state.others = state.connections - connectionsOf(client)
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
    if (state.server !== 'ready' || document.hidden) return
    void refreshSource()
    if (runner === null) void startLanes()
  }, SOURCE_EVERY_MS)
  const lookTimer = setInterval(lookAtLanes, LOOK_EVERY_MS)
  const wake = () => runner?.wake()
  document.addEventListener('visibilitychange', noticeVisibility)
  document.addEventListener('securitypolicyviolation', renew)
  addEventListener('hashchange', allow)
  addEventListener('online', wake)
  addEventListener('pageshow', wake)

  return {
    state,
    commands: {
      setRate: rate => obey('rate', () => setRate(rate)),
      togglePause: () => obey('pause', togglePause),
      setPollInterval,
      emit: () => obey('emit', () => api.emit().then(() => text.controls.said.emitted)),
      burst: () => obey('burst', () => api.burst(BURST).then(() => text.controls.said.burst)),
      kill: () => obey('kill', () => api.kill().then(text.controls.said.killed)),
      reset: () => obey('reset', reset),
      takeOver: () => ownership.takeOver(),
    },
    now: environment.now,
    close,
  }

  /** The lanes start when this tab may run them and the clock is known: a latency before that would be a guess. */
  async function startLanes(): Promise<void> {
    if (state.role !== 'owner' || state.clock === null || state.server !== 'ready') return
    const origin = await api.health().then(
      health => (health.link === null ? pageOrigin() : linkOrigin(health.link.port)),
      () => null,
    )
    if (origin === null || state.role !== 'owner' || runner?.origin === origin) return
    const resume = runner !== null
    runner?.close()
    runner = runLanes({
      origin,
      clientName,
      environment,
      state,
      resume,
      fallback: fallbackOf(location.search),
      entered,
    })
  }

  function stopLanes(): void {
    runner?.close()
    runner = null
    outage.forget()
    state.outage = null
  }

  function entered(technique: Technique, next: SubscriptionState): void {
    outage.entered(technique, next, performance.now())
    // The device slept, and its clock stood still meanwhile.
    if (next.name === 'connecting' && next.why === 'stale') control.measureClock()
  }

  function lookAtLanes(): void {
    if (state.server !== 'ready') outage.excuse(performance.now())
    if (!outage.suspects(performance.now())) state.outage = null
    else if (!explaining) void explain()
  }

  /** No lane reaches the server: by what is set on their way, or for a reason that somebody has to be told. */
  async function explain(): Promise<void> {
    explaining = true
    try {
      const { link } = await api.health()
      if (link !== null && keepsAway(await api.link())) {
        outage.excuse(performance.now())
        state.outage = null
      } else if (outage.suspects(performance.now())) {
        const answered = TECHNIQUES.every(technique => {
          const lane = state.lanes[technique].state
          return lane !== null && 'why' in lane && lane.why === 'refused'
        })
        state.outage = { port: link?.port ?? null, answered }
      }
    } catch (error) {
      // The server itself does not answer, which the control socket will notice.
      if (!(error instanceof CommandRefused)) throw error
    } finally {
      explaining = false
    }
  }

  /** Whether it is the server that is gone, or only the page's WebSocket that does not come through. */
  async function askOtherwise(): Promise<void> {
    const answers = await api.health().then(
      () => true,
      () => false,
    )
    if (state.server === 'gone' || state.server === 'unheard') state.server = answers ? 'unheard' : 'gone'
  }

  function allow(): void {
    state.forbidden = null
  }

  /**
   * The policy came with the page and knows the link of that time only: the one of a server that came back may be
   * another. Only then, and only for a lane that was refused: what an extension or a proxy adds to the page, and the
   * policy refuses, is refused after each load.
   */
  function renew(event: SecurityPolicyViolationEvent): void {
    if (!wasGone || runner === null || !isLane(event, runner.origin)) return
    reloadOnce(`policy ${runner.origin}`)
  }

  async function refreshSource(): Promise<void> {
    const source = await api.source().catch(() => null)
    if (source !== null) state.source = source
  }

  async function setRate(rate: number): Promise<string> {
    state.source = await api.setRate(rate)
    if (rate > 0) rateBeforePause = rate
    return text.controls.said.source(state.source)
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

  function obey(name: CommandName, command: () => Promise<string>): void {
    const obstacle = obstacleTo(name, state)
    if (obstacle !== null) {
      state.said = { sentence: text.obstacle(obstacle), failed: true }
      return
    }
    command().then(
      sentence => {
        state.said = { sentence, failed: false }
      },
      (error: unknown) => {
        if (!(error instanceof CommandRefused)) throw error
        state.said = { sentence: error.message, failed: true }
        if (error.forbidden) state.forbidden = error.message
      },
    )
  }

  function noticeVisibility(): void {
    const { asks } = state.lanes.poll.counts()
    if (document.hidden) {
      hiddenSince = { atMs: performance.now(), asks }
      return
    }
    wake()
    const since = hiddenSince
    hiddenSince = null
    if (since === null || state.role !== 'owner') return
    // Not by the server's clock, which may have been measured anew meanwhile.
    const hiddenMs = performance.now() - since.atMs
    const expected = Math.floor(hiddenMs / state.pollIntervalMs)
    const sentence = text.strip.hidden(hiddenMs, asks - since.asks, expected)
    const now = environment.now()
    state.hidden = { from: now - hiddenMs, to: now, sentence }
  }

  function close(): void {
    clearInterval(sourceTimer)
    clearInterval(lookTimer)
    document.removeEventListener('visibilitychange', noticeVisibility)
    document.removeEventListener('securitypolicyviolation', renew)
    removeEventListener('hashchange', allow)
    removeEventListener('online', wake)
    removeEventListener('pageshow', wake)
    stopLanes()
    ownership.close()
    control.close()
  }
}

/** The lanes travel through the link's endpoint: another origin, so that they never take the page's own sockets. */
function linkOrigin(port: number): string {
  return `${location.protocol}//${location.hostname}:${port}`
}

function connectionsOf(traffic: TechniqueTraffic): number {
  return TECHNIQUES.reduce((sum, technique) => sum + traffic[technique].connections, 0)
}

/** `?fallback=sse,websocket,long-poll`: off by default, since a lane that changes its technique compares nothing. */
function fallbackOf(query: string): readonly Technique[] {
  const named = new URLSearchParams(query).get('fallback')?.split(',') ?? []
  return named.flatMap(name => TECHNIQUES.find(technique => technique === name) ?? [])
}

/** Eight of `[a-z0-9]`, drawn per page load. */
function drawName(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), byte => letters[byte % 36]).join('')
}
