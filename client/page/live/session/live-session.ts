import type { TechniqueTraffic } from '../../../../server/protocol/api.ts'
import { TECHNIQUES, type Technique } from '../../../../server/protocol/techniques.ts'
import type { SubscriptionState } from '../../../reader/subscribe.ts'
import { labUrl, pageOrigin } from '../../shared/address.ts'
import { browserEnvironment } from '../../shared/browser-environment.ts'
import type { ControlToken } from '../../shared/control-token.ts'
import { isLane, reloadOnce } from '../../shared/reload.ts'
import { createPageStore, type PageState } from '../store/page-state.ts'
import { createApi } from './api.ts'
import { type Commands, createCommands } from './commands.ts'
import { openControlSocket } from './control-socket.ts'
import { reportHiddenTimes } from './hidden-tab.ts'
import { openLaneChoice } from './lane-choice.ts'
import { claimLanes } from './lane-ownership.ts'
import { type LaneRunner, runLanes } from './lane-runner.ts'
import { reportOutages } from './outage-report.ts'

export interface LiveSession {
  readonly state: PageState
  readonly commands: Commands
  /** Epoch milliseconds on the server's clock, as well as it is known. */
  now(): number
}

/** Another tab or a program may change the source, and the server does not tell of it. */
const SOURCE_EVERY_MS = 5_000
/** After one loss the server may only be restarting. After the next, the page checks whether its API answers. */
const LOSSES_TO_CHECK = 2

/** Everything that happens on the live page except drawing: the control socket, the lanes, the commands. */
export function openLiveSession(token: ControlToken): LiveSession {
  const clientName = drawName()
  const choice = openLaneChoice()
  const state = createPageStore(choice.on)
  const api = createApi(token)
  const environment = browserEnvironment(() => state.clock?.offsetMs ?? 0)
  const outages = reportOutages(api, state)
  let runner: LaneRunner | null = null
  let wasGone = false
  let losses = 0

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
      if (state.server !== 'api-only') state.server = 'gone'
      if (losses >= LOSSES_TO_CHECK) void checkApi()
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
  setInterval(() => {
    if (state.server !== 'ready' || document.hidden) return
    void refreshSource()
    if (runner === null) void startLanes()
  }, SOURCE_EVERY_MS)
  const wake = () => runner?.wake()
  reportHiddenTimes(state, environment.now)
  document.addEventListener('visibilitychange', () => document.hidden || wake())
  addEventListener('online', wake)
  addEventListener('pageshow', wake)
  document.addEventListener('securitypolicyviolation', renew)
  // A link with another token was opened in this tab.
  addEventListener('hashchange', () => {
    state.forbidden = null
  })

  return {
    state,
    commands: createCommands(api, state, {
      setPollInterval,
      takeOver: () => ownership.takeOver(),
      setLane: (technique, on) => {
        state.lanesOn = choice.set(technique, on)
        runner?.run(state.lanesOn)
      },
    }),
    now: environment.now,
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
    outages.forget()
  }

  function entered(technique: Technique, next: SubscriptionState): void {
    outages.entered(technique, next)
    // The device slept, and its clock stood still meanwhile.
    if (next.name === 'connecting' && next.why === 'stale') control.measureClock()
  }

  /** Whether the server is gone, or only the page's WebSocket does not reach it. */
  async function checkApi(): Promise<void> {
    const answers = await api.health().then(
      () => true,
      () => false,
    )
    if (state.server === 'gone' || state.server === 'api-only') state.server = answers ? 'api-only' : 'gone'
  }

  /**
   * The content security policy came with the page and names the link port of that time. A server that was restarted may
   * have another. The page is reloaded only then, and only where the policy refused a lane: what an extension or a
   * proxy adds to the page, and the policy refuses, is refused again after each load.
   */
  function renew(event: SecurityPolicyViolationEvent): void {
    if (!wasGone || runner === null || !isLane(event, runner.origin)) return
    reloadOnce(`policy ${runner.origin}`)
  }

  async function refreshSource(): Promise<void> {
    state.source = await api.source().catch(() => state.source)
  }

  function setPollInterval(pollIntervalMs: number): void {
    if (pollIntervalMs === state.pollIntervalMs) return
    state.pollIntervalMs = pollIntervalMs
    // What the next poll brings has still waited under the old interval.
    state.comparableSince = environment.now() + pollIntervalMs
    runner?.setPollInterval(pollIntervalMs)
  }
}

/** The lanes go through the link port: another origin, so that they never take the sockets that the page needs. */
function linkOrigin(port: number): string {
  return `${location.protocol}//${location.hostname}:${port}`
}

function connectionsOf(traffic: TechniqueTraffic): number {
  return TECHNIQUES.reduce((sum, technique) => sum + traffic[technique].connections, 0)
}

/** `?fallback=` with techniques and commas: off by default, since a lane that changes its technique compares nothing. */
function fallbackOf(query: string): readonly Technique[] {
  const named = new URLSearchParams(query).get('fallback')?.split(',') ?? []
  return named.flatMap(name => TECHNIQUES.find(technique => technique === name) ?? [])
}

/** Eight of `[a-z0-9]`, drawn per page load. */
function drawName(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), byte => letters[byte % 36]).join('')
}
