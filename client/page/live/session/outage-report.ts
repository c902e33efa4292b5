import type { Technique } from '../../../../server/protocol/techniques.ts'
import type { SubscriptionState } from '../../../reader/subscribe.ts'
import type { PageStore } from '../store/page-state.ts'
import { type Api, CommandFailed } from './api.ts'
import { createOutageWatch, keepsAway } from './outage-watch.ts'

/** Keeps `state.outage`: whether the lanes cannot reach the server although the page can. */
export interface OutageReport {
  entered(technique: Technique, next: SubscriptionState): void
  /** The lanes no longer run here. */
  forget(): void
}

const CHECK_EVERY_MS = 1_000

export function reportOutages(api: Pick<Api, 'health' | 'link'>, state: PageStore): OutageReport {
  const watch = createOutageWatch()
  let explaining = false
  setInterval(check, CHECK_EVERY_MS)

  return {
    entered: (technique, next) => watch.entered(technique, next, performance.now()),
    forget: () => {
      watch.forget()
      state.outage = null
    },
  }

  function check(): void {
    if (state.server !== 'ready') watch.excuse(performance.now())
    if (!watch.suspects(performance.now())) state.outage = null
    else if (!explaining) void explain()
  }

  /** The conditions that are set on the link may be the reason. Otherwise the user has to be told. */
  async function explain(): Promise<void> {
    explaining = true
    try {
      const { link } = await api.health()
      if (link !== null && keepsAway(await api.link())) {
        watch.excuse(performance.now())
        state.outage = null
      } else if (watch.suspects(performance.now())) {
        state.outage = { port: link?.port ?? null, answered: state.lanesOn.every(isRefused) }
      }
    } catch (error) {
      // The server itself does not answer, which the control socket will notice.
      if (!(error instanceof CommandFailed)) throw error
    } finally {
      explaining = false
    }
  }

  function isRefused(technique: Technique): boolean {
    const lane = state.lanes[technique].state
    return lane !== null && 'why' in lane && lane.why === 'refused'
  }
}
