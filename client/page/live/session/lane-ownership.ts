/** One tab at a time runs the lanes; the others look on and can take over. */
export interface LaneOwnership {
  takeOver(): void
  close(): void
}

interface Message {
  readonly name: 'claim' | 'rival' | 'owner' | 'free'
  readonly tab: string
  readonly term: number
}

/** How long a new tab waits for the owner to speak up. */
const CLAIM_MS = 150
/** How often one that looks on asks whether the owner is still there, and how long it waits for that. */
const LOOK_EVERY_MS = 2000
const ANSWER_MS = 1000

/**
 * Settles which tab is the owner over a BroadcastChannel (Web Locks would be shorter, but are missing on the plain
 * HTTP of a classroom). A claim stands when nobody objects; taking over needs nobody's consent.
 *
 * Each owner's term is one more than all that it has heard of. What two tabs say may cross on its way: the later term
 * counts, so that an owner who has just been relieved cannot drive out the one who relieved it; of two that began at
 * once, the smaller name.
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

  channel.addEventListener('message', (message: MessageEvent<Message>) => hear(message.data))
  addEventListener('pagehide', leave)
  addEventListener('pageshow', comeBack)
  claim(CLAIM_MS)
  // A tab that crashes, or is closed in the middle of something, says no goodbye.
  const look = setInterval(() => {
    if (role === 'viewer') claim(ANSWER_MS)
  }, LOOK_EVERY_MS)

  return {
    takeOver,
    close: () => {
      leave()
      clearInterval(look)
      removeEventListener('pagehide', leave)
      removeEventListener('pageshow', comeBack)
      channel.close()
    },
  }

  function claim(waitMs: number): void {
    role = 'claiming'
    say('claim')
    clearTimeout(timer)
    timer = setTimeout(takeOver, waitMs)
  }

  function takeOver(): void {
    term += 1
    say('owner')
    become('owner')
  }

  function hear(message: Message): void {
    const outranked = message.term > term || (message.term === term && message.tab < tab)
    term = Math.max(term, message.term)
    switch (message.name) {
      case 'claim':
        if (role === 'owner') say('owner')
        else if (role === 'claiming') say('rival')
        break
      case 'rival':
        // Of two tabs that claim at once, the smaller name wins.
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
    if (role !== 'viewer') say('free')
  }

  /** A page that comes back from the back-forward cache may find another tab in its place. */
  function comeBack(event: PageTransitionEvent): void {
    if (event.persisted) claim(CLAIM_MS)
  }

  function say(name: Message['name']): void {
    channel.postMessage({ name, tab, term } satisfies Message)
  }
}
