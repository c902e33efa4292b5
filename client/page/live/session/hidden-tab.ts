import { asksAtIntervals } from '../../../../server/protocol/techniques.ts'
import type { PageStore } from '../store/page-state.ts'

/** Keeps `state.hidden`: when the tab was last hidden, and how many polls its slowed timers made meanwhile. */
export function reportHiddenTimes(state: PageStore, now: () => number): void {
  let since: { readonly atMs: number; readonly polls: Polls | null } | null = null
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) since = { atMs: performance.now(), polls: countPolls(state) }
    else shown()
  })

  function shown(): void {
    const before = since
    since = null
    if (before === null || state.role !== 'owner') return
    // Not by the server's clock, which may have been measured again meanwhile.
    const hiddenMs = performance.now() - before.atMs
    const polls = countPolls(state)
    const to = now()
    state.hidden = {
      from: to - hiddenMs,
      to,
      polls:
        polls === null || before.polls === null
          ? null
          : {
              technique: polls.technique,
              made: polls.made - before.polls.made,
              due: Math.floor(hiddenMs / state.pollIntervalMs),
            },
    }
  }
}

type Polls = ReturnType<typeof countPolls>

/** What the first lane that polls has sent so far; `null` where no such lane is on. */
function countPolls({ lanesOn, lanes }: PageStore) {
  const technique = lanesOn.find(asksAtIntervals)
  return technique === undefined ? null : { technique, made: lanes[technique].counts().requests }
}
