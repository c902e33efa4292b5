import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { claimLanes, type LaneOwnership } from './lane-ownership.ts'

/** Long enough for whoever looks on to have asked, and waited for the answer, several times. */
const SETTLED_MS = 10_000

interface Tab {
  readonly ownership: LaneOwnership
  readonly channel: FakeChannel
  /** What it was told it is, in order. */
  readonly roles: readonly string[]
}

let channels: FakeChannel[]
/** How long the next message takes to the next one who hears it. */
let delayMs: () => number

/** Messages from one tab to another arrive in order, and no others need to. */
class FakeChannel {
  /** Of a tab that has crashed: neither hears nor says anything. */
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

  close(): void {
    this.dead = true
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('BroadcastChannel', FakeChannel)
  vi.stubGlobal('addEventListener', () => {})
  vi.stubGlobal('removeEventListener', () => {})
  channels = []
  delayMs = () => 1
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function open(name: string): Tab {
  const roles: string[] = []
  const ownership = claimLanes(name, role => roles.push(role))
  return { ownership, roles, channel: channels.at(-1) as FakeChannel }
}

const roleOf = ({ roles }: Tab) => roles.at(-1)

test('the first tab runs the lanes, the next looks on until it takes over', () => {
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

test.each(['closes', 'crashes'])('whoever looks on has the lanes when their owner %s', how => {
  const owner = open('a')
  vi.advanceTimersByTime(SETTLED_MS)
  const others = [open('b'), open('c')]
  vi.advanceTimersByTime(SETTLED_MS)
  if (how === 'closes') owner.ownership.close()
  else owner.channel.dead = true
  vi.advanceTimersByTime(SETTLED_MS)
  expect(others.map(roleOf).sort()).toEqual(['owner', 'viewer'])
})

test('an owner who answers while it is being relieved does not drive out its successor', () => {
  const first = open('a')
  vi.advanceTimersByTime(SETTLED_MS)
  const second = open('b')
  // From here on the second asks every two seconds whether the first is there; the answer is on its way.
  vi.advanceTimersByTime(2001)
  second.ownership.takeOver()
  vi.advanceTimersByTime(100)
  expect([first, second].map(roleOf)).toEqual(['viewer', 'owner'])
})

test('whatever tabs do, and however their messages cross, one of them runs the lanes in the end', () => {
  const deed = fc.record({
    afterMs: fc.integer({ min: 0, max: 2500 }),
    tab: fc.nat({ max: 3 }),
    what: fc.constantFrom('open', 'open', 'take over', 'take over', 'close', 'crash'),
  })
  fc.assert(
    fc.property(
      fc.array(deed, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 60 })),
      (deeds, delays) => {
        vi.clearAllTimers()
        channels = []
        delayMs = () => delays.next().value as number
        const tabs = new Map<number, Tab>()
        for (const { afterMs, tab, what } of deeds) {
          vi.advanceTimersByTime(afterMs)
          const known = tabs.get(tab)
          if (what === 'open' && known === undefined) tabs.set(tab, open(String(tab)))
          else if (what === 'take over') known?.ownership.takeOver()
          else if (known !== undefined && what !== 'open') {
            if (what === 'close') known.ownership.close()
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
