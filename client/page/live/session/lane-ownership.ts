/** One tab at a time runs the lanes; the others are viewers and can take over. */
export interface LaneOwnership {
  takeOver(): void
}

interface Message {
  readonly name: 'claim' | 'rival' | 'owner' | 'free'
  readonly tab: string
  readonly term: number
}

/** How long a new tab waits for an owner to answer. */
const CLAIM_MS = 150
/** How often a viewer checks that the owner is still there, and how long it waits for the answer. */
const CHECK_EVERY_MS = 2000
const ANSWER_MS = 1000

/**
 * Settles which tab is the owner over a BroadcastChannel (Web Locks would be shorter, but are missing on the plain
 * HTTP of a classroom). A claim stands when no other tab objects. Taking over needs no consent.
 *
 * Each owner's term is one more than any that it has heard of. Messages of two tabs may cross: the later term counts, so
 * that an owner that has just been replaced cannot drive out its successor. Of two with the same term, the smaller name
 * counts.
 *
 * @param path where the page is mounted: the tabs of another lab on the same origin run lanes of their own
 */
export function claimLanes(
  tab: string,
  onRole: (role: 'owner' | 'viewer') => void,
  path = '/',
): LaneOwnership {
  const channel = new BroadcastChannel(`push-lab lanes ${path}`)
  let role: 'claiming' | 'owner' | 'viewer' = 'claiming'
  let told: 'owner' | 'viewer' | null = null
  let term = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  channel.addEventListener('message', (message: MessageEvent<Message>) => receive(message.data))
  addEventListener('pagehide', leave)
  addEventListener('pageshow', comeBack)
  claim(CLAIM_MS)
  // A tab that crashes does not announce that it leaves.
  setInterval(() => {
    if (role === 'viewer') claim(ANSWER_MS)
  }, CHECK_EVERY_MS)

  return { takeOver }

  function claim(waitMs: number): void {
    role = 'claiming'
    send('claim')
    clearTimeout(timer)
    timer = setTimeout(takeOver, waitMs)
  }

  function takeOver(): void {
    term += 1
    send('owner')
    become('owner')
  }

  function receive(message: Message): void {
    const outranked = message.term > term || (message.term === term && message.tab < tab)
    term = Math.max(term, message.term)
    switch (message.name) {
      case 'claim':
        if (role === 'owner') send('owner')
        else if (role === 'claiming') send('rival')
        break
      case 'rival':
        // Of two tabs that claim at the same time, the smaller name wins.
        if (role === 'claiming' && message.tab < tab) become('viewer')
        break
      case 'owner':
        if (role === 'claiming' || outranked) become('viewer')
        break
      case 'free':
        if (role === 'viewer') claim(CLAIM_MS)
        break
    }
  }

  function become(next: 'owner' | 'viewer'): void {
    clearTimeout(timer)
    role = next
    if (told === next) return
    told = next
    onRole(next)
  }

  function leave(): void {
    clearTimeout(timer)
    if (role !== 'viewer') send('free')
  }

  /** A page that comes back from the back-forward cache may find that another tab has taken over. */
  function comeBack(event: PageTransitionEvent): void {
    if (event.persisted) claim(CLAIM_MS)
  }

  function send(name: Message['name']): void {
    channel.postMessage({ name, tab, term } satisfies Message)
  }
}
