import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { claimLanes, type LaneOwnership } from './lane-ownership.ts'

/** Long enough for a viewer to check on the owner, and wait for the answer, several times. */
const SETTLED_MS = 10_000

interface Tab {
  readonly ownership: LaneOwnership
  readonly channel: FakeChannel
  /** The roles that it was told, in order. */
  readonly roles: readonly string[]
  /** The browser tells it that it is being closed. */
  readonly close: () => void
}

let channels: FakeChannel[]
/** How long the next message takes to the next tab. */
let delayMs: () => number

/** Messages from one tab to another arrive in order. Between other pairs there is no order. */
class FakeChannel {
  /** The tab is gone: it neither sends nor receives anything. */
  dead = false
  private listener: (message: { data: unknown }) => void = () => {}
  private readonly busyUntil = new Map<FakeChannel, number>()

  constructor() {
    channels.push(this)
  }

  addEventListener(_type: 'message', listener: (message: { data: unknown }) => void): void {
    this.listener = listener
  }

  postMessage(data: unknown): void {
    if (this.dead) return
    for (const other of channels) {
      if (other === this) continue
      const arrivesAt = Math.max(this.busyUntil.get(other) ?? 0, Date.now() + delayMs())
      this.busyUntil.set(other, arrivesAt)
      setTimeout(() => other.dead || other.listener({ data }), arrivesAt - Date.now())
    }
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('BroadcastChannel', FakeChannel)
  channels = []
  delayMs = () => 1
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function open(name: string): Tab {
  const roles: string[] = []
  const listeners = new Map<string, () => void>()
  vi.stubGlobal('addEventListener', (event: string, run: () => void) => listeners.set(event, run))
  const ownership = claimLanes(name, role => roles.push(role))
  const channel = channels.at(-1) as FakeChannel
  return {
    ownership,
    roles,
    channel,
    close: () => {
      listeners.get('pagehide')?.()
      channel.dead = true
    },
  }
}

const roleOf = ({ roles }: Tab) => roles.at(-1)

test('the first tab runs the lanes, and the next is a viewer until it takes over', () => {
  const first = open('b')
  vi.advanceTimersByTime(SETTLED_MS)
  const second = open('a')
  vi.advanceTimersByTime(SETTLED_MS)
  expect([first.roles, second.roles]).toEqual([['owner'], ['viewer']])
  second.ownership.takeOver()
  vi.advanceTimersByTime(SETTLED_MS)
  expect([first.roles, second.roles]).toEqual([
    ['owner', 'viewer'],
    ['viewer', 'owner'],
  ])
})

test.each(['closes', 'crashes'])('a viewer takes over when the owner %s', how => {
  const owner = open('a')
  vi.advanceTimersByTime(SETTLED_MS)
  const others = [open('b'), open('c')]
  vi.advanceTimersByTime(SETTLED_MS)
  if (how === 'closes') owner.close()
  else owner.channel.dead = true
  vi.advanceTimersByTime(SETTLED_MS)
  expect(others.map(roleOf).sort()).toEqual(['owner', 'viewer'])
})

test('an owner that answers while it is being replaced does not drive out its successor', () => {
  const first = open('a')
  vi.advanceTimersByTime(SETTLED_MS)
  const second = open('b')
  // The second checks every two seconds whether the first is there. The answer is now on its way.
  vi.advanceTimersByTime(2001)
  second.ownership.takeOver()
  vi.advanceTimersByTime(100)
  expect([first, second].map(roleOf)).toEqual(['viewer', 'owner'])
})

test('whatever tabs do, and however their messages cross, one of them runs the lanes in the end', () => {
  const action = fc.record({
    afterMs: fc.integer({ min: 0, max: 2500 }),
    tab: fc.nat({ max: 3 }),
    what: fc.constantFrom('open', 'open', 'take over', 'take over', 'close', 'crash'),
  })
  fc.assert(
    fc.property(
      fc.array(action, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 60 })),
      (actions, delays) => {
        vi.clearAllTimers()
        channels = []
        delayMs = () => delays.next().value as number
        const tabs = new Map<number, Tab>()
        for (const { afterMs, tab, what } of actions) {
          vi.advanceTimersByTime(afterMs)
          const known = tabs.get(tab)
          if (what === 'open' && known === undefined) tabs.set(tab, open(String(tab)))
          else if (what === 'take over') known?.ownership.takeOver()
          else if (known !== undefined && what !== 'open') {
            if (what === 'close') known.close()
            else known.channel.dead = true
            tabs.delete(tab)
          }
        }
        vi.advanceTimersByTime(SETTLED_MS)
        const roles = [...tabs.values()].map(roleOf)
        expect(roles.filter(role => role === 'owner')).toHaveLength(Math.min(1, tabs.size))
        const settled = [...tabs.values()].map(({ roles }) => roles.length)
        vi.advanceTimersByTime(SETTLED_MS)
        expect([...tabs.values()].map(({ roles }) => roles.length)).toEqual(settled)
      },
    ),
    { numRuns: 300 },
  )
})
