import { traitsOf } from '../../server/protocol/techniques.ts'
import {
  type Cursor,
  formatCursor,
  type Gap,
  type LabEvent,
  WAIT_DEFAULT_SECONDS,
} from '../../server/protocol/wire.ts'
import { createApplication } from './application.ts'
import { checkOptions, checkPace } from './check-options.ts'
import { createLinkHealth } from './link-health.ts'
import { withLongTimers } from './long-timers.ts'
import { createPlace, type Verdict } from './place.ts'
import { RETRY_POLICY } from './retry-policy.ts'
import { checkSaid, sayByRequest } from './say.ts'
import { watchSleep } from './sleep-watch.ts'
import type { LossReason, SubscribeOptions, Subscription, SubscriptionState } from './subscription.ts'
import type { ReceivedBatch, ReceivedControl } from './transports/decode.ts'
import { TRANSPORTS } from './transports/index.ts'
import {
  type Ending,
  type LinkContext,
  type LinkHandle,
  type Loss,
  lossBy,
  type Pace,
} from './transports/transport.ts'
import { createWatchdog } from './watchdog.ts'

export type {
  Audit,
  Delivery,
  LossReason,
  SubscribeOptions,
  Subscription,
  SubscriptionState,
} from './subscription.ts'

const POLL_INTERVAL_MS = 1000

/**
 * Reads the log by one of the techniques, from now or from a cursor, until closed: every event exactly once and in
 * order, every loss declared. The connection may be cut at any instant, because the place is kept here. Throws a
 * `RangeError` for options that cannot be.
 */
export function subscribe(options: SubscribeOptions): Subscription {
  checkOptions(options)
  const { origin, clientName, from = 'now' } = options
  const environment = withLongTimers(options.environment)
  const { clearTimeout, monotonicMs, setTimeout } = environment
  const policy = { ...RETRY_POLICY, ...options.policy }
  const place = createPlace(from)
  const health = createLinkHealth(environment, policy, options.technique, options.fallback ?? [])
  const watchdog = createWatchdog(environment, tooSilent)
  const application = createApplication(environment, options)
  const { enter } = application
  const closing = new AbortController()

  let pace: Pace = {
    pollIntervalMs: options.pollIntervalMs ?? POLL_INTERVAL_MS,
    waitSeconds: options.waitSeconds ?? WAIT_DEFAULT_SECONDS,
  }
  checkPace(pace)
  /** The present link, and what ends it. */
  let link: LinkHandle = {}
  let linkEnd = new AbortController()
  let retryTimer: unknown = null
  /** The server has told of a newer event than any that came. */
  let isBehind = false

  const unwatchSleep = watchSleep(environment, awake)
  open()

  return {
    get audit() {
      return place.audit
    },
    get place() {
      return place.cursor
    },
    get state() {
      return application.state
    },
    get technique() {
      return health.technique
    },
    configure,
    say,
    wake,
    close: () => finish(null),
  }

  // ------------------------------------------------------------------------------------------ the link

  function open(why?: LossReason): void {
    linkEnd = new AbortController()
    link = {}
    enter(why === undefined ? { name: 'connecting' } : { name: 'connecting', why })
    try {
      link = TRANSPORTS[health.technique](contextFor(linkEnd.signal))
    } catch {
      // The platform has no such technique, or will not use it from here.
      ended(lossBy('unreachable'))
    }
  }

  function endLink(): void {
    linkEnd.abort()
    watchdog.stop()
    clearTimeout(retryTimer)
    health.ended()
  }

  function reopen(why?: LossReason): void {
    endLink()
    open(why)
  }

  function ended(ending: Ending): void {
    if (ending.final) finish(ending.reason)
    else retry(health.lost(ending), ending)
  }

  /** The platform opens the next connection itself. It is left to do so, but not over and over. */
  function reconnecting(): void {
    const loss = lossBy('unreachable')
    const { why, isLeftAlone } = health.lostForNow(loss)
    if (!isLeftAlone) {
      retry(why, loss)
      return
    }
    requestStarted()
    enter({ name: 'reconnecting', untilMs: monotonicMs(), attempt: health.losses, why })
  }

  function retry(why: LossReason, { floorMs, reason }: Loss): void {
    endLink()
    const delayMs = health.nextDelayMs(floorMs)
    retryTimer = setTimeout(() => open(why), delayMs)
    const untilMs = monotonicMs() + delayMs
    const said = reason === undefined ? {} : { reason }
    enter({ name: 'reconnecting', untilMs, attempt: health.losses, why, ...said })
  }

  function tooSilent(): void {
    if (health.isProven) reopen('silent')
    else ended(lossBy('mute'))
  }

  function finish(reason: string | null): void {
    if (application.state.name === 'closed') return
    endLink()
    unwatchSleep()
    closing.abort()
    enter({ name: 'closed', reason })
  }

  // --------------------------------------------------------------------------- what the transport reports

  /** A link that is over may still hold an answer. Nothing of it counts any more. */
  function contextFor(signal: AbortSignal): LinkContext {
    const untilAborted =
      <Given extends unknown[]>(run: (...given: Given) => void) =>
      (...given: Given): void => {
        if (!signal.aborted) run(...given)
      }
    return {
      environment,
      signal,
      get pace() {
        return pace
      },
      address,
      requestStarted: untilAborted(requestStarted),
      bytesReceived: untilAborted(watchdog.reset),
      stateChanged: untilAborted(stateChanged),
      batch: (received, receivedAt) => !signal.aborted && batch(received, receivedAt),
      events: untilAborted(events),
      control: untilAborted(control),
      ended: untilAborted(ended),
      reconnecting: untilAborted(reconnecting),
      reopen: untilAborted(() => reopen()),
    }
  }

  function address(query: Readonly<Record<string, string>> = {}): string {
    const at = place.cursor ?? from
    const keys = new URLSearchParams({ cursor: typeof at === 'string' ? at : formatCursor(at), ...query })
    if (clientName !== undefined) keys.set('client', clientName)
    return `${origin}${traitsOf(health.technique).endpoint}?${keys}`
  }

  /** A request that is held is silent by agreement for as long as it may be held. */
  function requestStarted(heldMs = 0): void {
    place.countRequest()
    isBehind = false
    watchdog.start(heldMs > 0 ? heldMs + policy.graceMs : health.helloMs)
  }

  function stateChanged(next: SubscriptionState): void {
    if (next.name === 'resting') watchdog.stop()
    // The first request of a link is how it connects.
    if (application.state.name !== 'connecting' || next.name !== 'requesting') enter(next)
  }

  function batch({ cursor, events: list, gap: declared }: ReceivedBatch, receivedAt: number): boolean {
    const { signal } = linkEnd
    const old = place.cursor
    const [first] = list
    const before = first === undefined ? cursor : { epoch: cursor.epoch, seq: first.seq - 1 }
    health.prove()
    place.begin(before)
    if (declared !== undefined) gap(declared, before)
    if (!signal.aborted) events(list, cursor.epoch, receivedAt)
    if (!signal.aborted) judge(place.reached(cursor))
    return place.cursor?.epoch !== old?.epoch || place.cursor?.seq !== old?.seq
  }

  function events(list: readonly LabEvent[], epoch: string, receivedAt: number): void {
    const { signal } = linkEnd
    if (isBehind) awaitHeartbeat()
    for (const event of list) {
      if (judge(place.event(epoch, event.seq)) === 'new') {
        const cursor = place.cursor ?? { epoch, seq: event.seq }
        application.event({ event, cursor, receivedAt })
      }
      // The link turned out to be broken, or the application closed the subscription.
      if (signal.aborted) return
    }
  }

  function control(frame: ReceivedControl): void {
    health.prove()

    if (frame.control === 'hello') {
      health.greeted()
      place.begin(frame.cursor)
      awaitHeartbeat()
      enter({ name: 'open' })
    }
    if (frame.control === 'gap') gap(frame, frame.cursor)
    if (frame.control === 'bye') health.bye(frame.retryMs)
    if (frame.control === 'heartbeat' && place.cursor !== null && frame.top > place.cursor.seq) {
      isBehind = true
      watchdog.start(policy.behindMs)
    }
  }

  /** A stream that has said hello, and is not behind, may be silent until its next heartbeat is overdue. */
  function awaitHeartbeat(): void {
    isBehind = false
    watchdog.start(policy.silentMs)
  }

  function gap(declared: Gap, cursor: Cursor): void {
    if (judge(place.gap(declared, cursor)) === 'new') application.gap(declared, cursor)
  }

  /** After a jump nothing more of this link is taken: the next one begins where the reader really is. */
  function judge(verdict: Verdict): Verdict {
    if (verdict === 'jump') ended(lossBy('broken'))
    return verdict
  }

  // ------------------------------------------------------------------------------ the application's calls

  function configure(changes: Partial<Pace>): void {
    const before = pace
    const next = { ...pace, ...changes }
    checkPace(next)
    pace = next
    const isChanged = before.pollIntervalMs !== pace.pollIntervalMs || before.waitSeconds !== pace.waitSeconds
    if (isChanged && !linkEnd.signal.aborted) link.paceChanged?.()
  }

  async function say(value: unknown): Promise<Cursor> {
    if (application.state.name === 'closed')
      throw new Error('This reader is closed: subscribe again to say something.')
    checkSaid(value)
    if (!traitsOf(health.technique).twoWay) {
      const { signal } = closing
      return sayByRequest(value, { environment, origin, clientName, answerMs: policy.helloMs, signal })
    }
    if (link.say === undefined) throw new Error('Not connected: say it again in a moment.')
    return link.say(value)
  }

  /** A delay that did not stand still ends by itself. It may be long because the server demanded it. */
  function awake(timersStood: boolean): void {
    if (timersStood || application.state.name !== 'reconnecting') wake()
  }

  function wake(): void {
    const { state } = application
    if (state.name === 'reconnecting') reopen(state.why)
    else if (state.name !== 'closed' && watchdog.silentMs > policy.staleMs) reopen('stale')
  }
}
