import { TRAITS } from '../../server/protocol/techniques.ts'
import {
  type Batch,
  type ControlFrame,
  formatCursor,
  type Gap,
  type LabEvent,
  parseCursor,
  SAY_MAX_BYTES,
  WAIT_DEFAULT_SECONDS,
} from '../../server/protocol/wire.ts'
import { checkOptions, checkPace } from './check-options.ts'
import { createPlace, type Verdict } from './place.ts'
import { FLOOR_MAX_MS, RETRY_POLICY, retryDelayMs } from './retry-policy.ts'
import { say as sayByRequest } from './say.ts'
import { watchSleep } from './sleep-watch.ts'
import type { LossReason, SubscribeOptions, Subscription, SubscriptionState } from './subscription.ts'
import { createTechniqueChoice } from './technique-choice.ts'
import { withLongTimers } from './timers.ts'
import { TRANSPORTS } from './transports/index.ts'
import type { Connection, Ending, Pace, Passing, Reader } from './transports/transport.ts'
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
 * So many losses an EventSource may mend by itself, quickly and by a delay that never grows; then the delays are ours,
 * until a link has lived long again.
 */
const OWN_RETURNS_MAX = 3
const UNREACHABLE: Passing = { final: false, floorMs: 0, why: 'unreachable' }

/**
 * Reads the log by one of the techniques, from now or from a cursor, until closed: every event exactly once and in
 * order, every loss declared. What carries the events may be cut at any instant; the place is kept here. Throws a
 * `RangeError` for options that cannot be.
 */
export function subscribe(options: SubscribeOptions): Subscription {
  checkOptions(options)
  const { origin, clientName, from = 'now' } = options
  const environment = withLongTimers(options.environment)
  const { clearTimeout, monotonicMs, random, setTimeout } = environment
  const policy = { ...RETRY_POLICY, ...options.policy }
  const place = createPlace(from)
  const choice = createTechniqueChoice(options.technique, options.fallback ?? [], policy)
  const silence = createWatchdog(environment, tooSilent)
  const whole = new AbortController()

  let pace: Pace = {
    pollIntervalMs: options.pollIntervalMs ?? POLL_INTERVAL_MS,
    waitSeconds: options.waitSeconds ?? WAIT_DEFAULT_SECONDS,
  }
  checkPace(pace)
  let state: SubscriptionState = { name: 'connecting' }
  let stateTold = false
  /** The present link, and what ends it. */
  let link: Connection = {}
  let life = new AbortController()
  let failures = 0
  /** Since when the present link has carried something of the protocol. */
  let provenSinceMs: number | null = null
  /** What the server's `bye` asked for. */
  let byeMs = 0
  /** The server has told of a newer event than any that came. */
  let behind = false
  let comeback: unknown = null

  const unwatchSleep = watchSleep(environment, awake)
  open()
  // The first state is told when the caller has its subscription in hand, not while it is still being made.
  void Promise.resolve().then(tellState)

  return {
    get audit() {
      return place.audit
    },
    get place() {
      return place.cursor
    },
    get state() {
      return state
    },
    get technique() {
      return choice.technique
    },
    configure,
    say,
    wake,
    close: () => finish(null),
  }

  // ------------------------------------------------------------------------------------------ the link

  function open(why?: LossReason): void {
    life = new AbortController()
    link = {}
    enter(why === undefined ? { name: 'connecting' } : { name: 'connecting', why })
    try {
      link = TRANSPORTS[choice.technique](readerFor(life.signal))
    } catch {
      // The platform has no such technique, or will not use it from here.
      lose(UNREACHABLE)
    }
  }

  function hangUp(): void {
    life.abort()
    silence.rest()
    clearTimeout(comeback)
    judgeHealth()
  }

  function reopen(why?: LossReason): void {
    hangUp()
    open(why)
  }

  /** The link is over: come back later, or never. */
  function lose(ending: Ending): void {
    if (ending.final) {
      finish(ending.reason)
      return
    }
    comeBack(note(ending), ending)
  }

  /** The connection is lost, and the platform opens the next one: it is let, but not over and over. */
  function returning(): void {
    const { technique } = choice
    const why = note(UNREACHABLE)
    judgeHealth()
    if (failures >= OWN_RETURNS_MAX || choice.technique !== technique) {
      comeBack(why, UNREACHABLE)
      return
    }
    failures += 1
    asked()
    enter({ name: 'reconnecting', untilMs: monotonicMs(), attempt: failures, why })
  }

  function comeBack(why: LossReason, { floorMs, reason }: Passing): void {
    hangUp()
    const delayMs = retryDelayMs(policy, failures, Math.max(floorMs, byeMs), random())
    failures += 1
    byeMs = 0
    comeback = setTimeout(() => open(why), delayMs)
    const untilMs = monotonicMs() + delayMs
    const said = reason === undefined ? {} : { reason }
    enter({ name: 'reconnecting', untilMs, attempt: failures, why, ...said })
  }

  /** What the end of this link says about the technique, and what it is called. */
  function note({ why, reason }: Passing): LossReason {
    if (provenSinceMs !== null) return why === 'unreachable' ? 'cut' : why
    if (reason === undefined) choice.failed(why)
    else choice.usable()
    return why
  }

  function tooSilent(): void {
    if (provenSinceMs === null) lose({ final: false, floorMs: 0, why: 'mute' })
    else reopen('silent')
  }

  function finish(reason: string | null): void {
    if (state.name === 'closed') return
    hangUp()
    unwatchSleep()
    whole.abort()
    enter({ name: 'closed', reason })
  }

  /** A link that falls soon after it stood is still the same trouble: only a long life starts the delays over. */
  function judgeHealth(): void {
    if (provenSinceMs !== null && monotonicMs() - provenSinceMs >= policy.healthyMs) failures = 0
    provenSinceMs = null
  }

  // ------------------------------------------------------------------------------ what the link hands up

  /** A link that is over may still hold an answer in its hands: nothing of it is heard any more. */
  function readerFor(signal: AbortSignal): Reader {
    const whileAlive =
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
      asked: whileAlive(asked),
      heard: whileAlive(silence.heard),
      doing: whileAlive(doing),
      batch: whileAlive(batch),
      events: whileAlive(events),
      control: whileAlive(control),
      ended: whileAlive(lose),
      returning: whileAlive(returning),
      repaced: whileAlive(() => reopen()),
    }
  }

  function address(query: Readonly<Record<string, string>> = {}): string {
    const keys = new URLSearchParams({ cursor: place.cursor ?? from, ...query })
    if (clientName !== undefined) keys.set('client', clientName)
    return `${origin}${TRAITS[choice.technique].endpoint}?${keys}`
  }

  /** A held ask is silent by agreement for as long as it may be held. */
  function asked(heldMs = 0): void {
    place.asked()
    behind = false
    silence.listen(heldMs > 0 ? heldMs + policy.graceMs : choice.helloMs + byeMs)
  }

  function doing(next: SubscriptionState): void {
    if (next.name === 'resting') silence.rest()
    // With its first ask a poll connects.
    if (state.name !== 'connecting' || next.name !== 'asking') enter(next)
  }

  function batch({ cursor, events: list, gap: hole }: Batch, receivedAt: number): void {
    const { signal } = life
    const [epoch = ''] = cursor.split('-')
    const [first] = list
    const before = first === undefined ? cursor : formatCursor({ epoch, seq: first.seq - 1 })
    prove()
    place.begin(before)
    if (hole !== undefined) gap(hole, before)
    if (!signal.aborted) events(list, epoch, receivedAt)
    if (!signal.aborted) judge(place.reached(cursor))
  }

  function events(list: readonly LabEvent[], epoch: string, receivedAt: number): void {
    const { signal } = life
    if (behind) follow()
    for (const event of list) {
      if (judge(place.event(epoch, event.seq)) === 'new') {
        const delivery = { event, cursor: formatCursor({ epoch, seq: event.seq }), receivedAt }
        tell(() => options.onEvent?.(delivery))
      }
      // The link turned out to be broken, or the application has had enough.
      if (signal.aborted) return
    }
  }

  function control(frame: ControlFrame): void {
    prove()

    if (frame.control === 'hello') {
      byeMs = 0
      place.begin(frame.cursor)
      follow()
      enter({ name: 'open' })
    }
    if (frame.control === 'gap') gap(frame, frame.cursor)
    if (frame.control === 'bye') byeMs = Math.max(0, Math.min(frame.retryMs, FLOOR_MAX_MS))
    if (frame.control === 'heartbeat' && frame.top > (parseCursor(place.cursor ?? '')?.seq ?? frame.top)) {
      behind = true
      silence.listen(policy.behindMs)
    }
  }

  /** A stream that has greeted, and is not behind, may be silent until its next heartbeat is overdue. */
  function follow(): void {
    behind = false
    silence.listen(policy.silentMs)
  }

  function gap(hole: Gap, cursor: string): void {
    if (judge(place.gap(hole, cursor)) === 'new') tell(() => options.onGap?.(hole, cursor))
  }

  /** After a jump nothing more of this link is taken: what lies between is asked for again. */
  function judge(verdict: Verdict): Verdict {
    if (verdict === 'jump') lose({ final: false, floorMs: 0, why: 'broken' })
    return verdict
  }

  function prove(): void {
    provenSinceMs ??= monotonicMs()
    choice.usable()
  }

  // ------------------------------------------------------------------------------------ the application

  function enter(next: SubscriptionState): void {
    const steady = next.name === 'connecting' || next.name === 'asking' || next.name === 'open'
    if (steady && next.name === state.name) return
    state = next
    if (stateTold) tellState()
  }

  function tellState(): void {
    const telling = state
    stateTold = true
    tell(() => options.onState?.(telling))
  }

  /** The application's errors are its own: thrown where the world sees them, while the reader goes on. */
  function tell(run: () => void): void {
    try {
      run()
    } catch (error) {
      setTimeout(() => {
        throw error
      }, 0)
    }
  }

  function configure(changes: Partial<Pace>): void {
    const before = pace
    const next = { ...pace, ...changes }
    checkPace(next)
    pace = next
    const changed = before.pollIntervalMs !== pace.pollIntervalMs || before.waitSeconds !== pace.waitSeconds
    if (changed && !life.signal.aborted) link.repace?.()
  }

  async function say(value: unknown): Promise<string> {
    if (state.name === 'closed') throw new Error('This reader is closed: subscribe again to say something.')
    // Checked here, because a WebSocket that says too much is closed for good.
    const bytes = new TextEncoder().encode(JSON.stringify(value)).length
    if (bytes > SAY_MAX_BYTES) throw new Error(`Say it in at most ${SAY_MAX_BYTES} bytes of JSON.`)
    if (link.say !== undefined) return link.say(value)
    const { signal } = whole
    return sayByRequest(value, { environment, origin, clientName, answerMs: policy.helloMs, signal })
  }

  /** A delay that did not stand still ends by itself. It may be long because the server asked for it. */
  function awake(timersStood: boolean): void {
    if (timersStood || state.name !== 'reconnecting') wake()
  }

  function wake(): void {
    if (state.name === 'reconnecting') reopen(state.why)
    else if (state.name !== 'closed' && silence.ms > policy.staleMs) reopen('stale')
  }
}
