import {
  type Batch,
  type ControlFrame,
  DOORS,
  formatCursor,
  type Gap,
  type LabEvent,
  parseCursor,
  SAY_MAX_BYTES,
  WAIT_DEFAULT_SECONDS,
} from '../server/protocol.ts'
import { createPlace, type Verdict } from './place.ts'
import { RETRY_POLICY, retryDelayMs } from './retry-policy.ts'
import { say as sayByRequest } from './say.ts'
import { createSilence } from './silence.ts'
import type { SubscribeOptions, Subscription, SubscriptionState } from './subscription.ts'
import { TRANSPORTS } from './transports/index.ts'
import type { Ending, Link, Pace, Reader } from './transports/transport.ts'

export type { Audit, Delivery, SubscribeOptions, Subscription, SubscriptionState } from './subscription.ts'

const POLL_INTERVAL_MS = 1000

/**
 * Reads the log by one of the techniques, from now or from a cursor, until closed: every event exactly once and in
 * order, every loss declared. What carries the events may be cut at any instant; the place is kept here.
 */
export function subscribe(options: SubscribeOptions): Subscription {
  const { technique, origin, environment, from = 'now' } = options
  const { clearTimeout, monotonicMs, random, setTimeout } = environment
  const policy = { ...RETRY_POLICY, ...options.policy }
  const place = createPlace(from)
  const silence = createSilence(environment, reopen)
  const whole = new AbortController()

  let pace: Pace = {
    pollIntervalMs: options.pollIntervalMs ?? POLL_INTERVAL_MS,
    waitSeconds: options.waitSeconds ?? WAIT_DEFAULT_SECONDS,
  }
  let state: SubscriptionState = { name: 'connecting' }
  let stateTold = false
  /** The present link, and what ends it. */
  let link: Link = {}
  let life = new AbortController()
  let failures = 0
  /** Since when the present link has carried something of the protocol. */
  let provenSinceMs: number | null = null
  /** What the server's `bye` asked for. */
  let byeMs = 0
  /** The server has told of a newer event than any that came. */
  let behind = false
  let comeback: unknown = null

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
    configure,
    say,
    wake,
    close: () => finish(null),
  }

  // ------------------------------------------------------------------------------------------ the link

  function open(): void {
    life = new AbortController()
    enter({ name: 'connecting' })
    link = TRANSPORTS[technique](readerFor(life.signal))
  }

  function hangUp(): void {
    life.abort()
    silence.rest()
    clearTimeout(comeback)
    judgeHealth()
  }

  function reopen(): void {
    hangUp()
    open()
  }

  /** The link is over: come back later, or never. */
  function lose(ending: Ending): void {
    if (ending.final) {
      finish(ending.reason)
      return
    }
    hangUp()
    const delayMs = retryDelayMs(policy, failures, Math.max(ending.floorMs, byeMs), random())
    failures += 1
    byeMs = 0
    comeback = setTimeout(open, delayMs)
    enter({ name: 'reconnecting', untilMs: monotonicMs() + delayMs, attempt: failures })
  }

  function finish(reason: string | null): void {
    if (state.name === 'closed') return
    hangUp()
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
      reopen: whileAlive(reopen),
    }
  }

  function address(query: Readonly<Record<string, string>> = {}): string {
    const keys = new URLSearchParams({ cursor: place.cursor ?? from, ...query })
    if (options.clientName !== undefined) keys.set('client', options.clientName)
    return `${origin}${DOORS[technique]}?${keys}`
  }

  function asked(): void {
    place.asked()
    listen()
  }

  /** A held ask is silent by agreement for as long as it may be held. */
  function listen(): void {
    const heldMs = technique === 'long-poll' ? pace.waitSeconds * 1000 + policy.graceMs : 0
    behind = false
    silence.listen(Math.max(policy.silentMs, heldMs))
  }

  function doing(next: SubscriptionState): void {
    if (next.name === 'resting') silence.rest()
    if (next.name === 'reconnecting') judgeHealth()
    // With its first ask a poll connects. One that has a place may be held from the first.
    const connects = next.name === 'asking' || (next.name === 'holding' && place.cursor === null)
    if (state.name !== 'connecting' || !connects) enter(next)
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
    if (behind) listen()
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
    }
    if (frame.control === 'gap') gap(frame, frame.cursor)
    if (frame.control === 'bye') byeMs = frame.retryMs
    if (frame.control === 'heartbeat' && frame.top > (parseCursor(place.cursor ?? '')?.seq ?? frame.top)) {
      behind = true
      silence.listen(policy.behindMs)
    }
  }

  function gap(hole: Gap, cursor: string): void {
    if (judge(place.gap(hole, cursor)) === 'new') tell(() => options.onGap?.(hole, cursor))
  }

  /** After a jump nothing more of this link is taken: what lies between is asked for again. */
  function judge(verdict: Verdict): Verdict {
    if (verdict === 'jump') lose({ final: false, floorMs: 0 })
    return verdict
  }

  function prove(): void {
    provenSinceMs ??= monotonicMs()
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
    pace = { ...pace, ...changes }
    const changed = before.pollIntervalMs !== pace.pollIntervalMs || before.waitSeconds !== pace.waitSeconds
    if (changed && !life.signal.aborted) link.repace?.()
  }

  async function say(value: unknown): Promise<string> {
    if (state.name === 'closed') throw new Error('This reader is closed: subscribe again to say something.')
    // Checked here, because a WebSocket that says too much is closed for good.
    const bytes = new TextEncoder().encode(JSON.stringify(value)).length
    if (bytes > SAY_MAX_BYTES) throw new Error(`Say it in at most ${SAY_MAX_BYTES} bytes of JSON.`)
    return link.say?.(value) ?? sayByRequest(environment, origin, value, whole.signal)
  }

  function wake(): void {
    if (state.name !== 'closed' && silence.ms > policy.staleMs) reopen()
  }
}
