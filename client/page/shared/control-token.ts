import { baseOf } from './address.ts'
import { type Stored, stored } from './stored.ts'

/**
 * The control token of a server that listens beyond loopback. It arrives in the fragment, `#token=…`, which is never
 * sent to a server and so ends up in no log, and is kept for the tab, since links within the page carry no fragment.
 */
export interface ControlToken {
  readonly value: string | null
  /** The server does not know it: it is from an earlier start. */
  drop(): void
}

export function openControlToken(
  kept: Stored = stored('tab', `push-lab token ${baseOf(document.baseURI).pathname}`),
): ControlToken {
  learn()
  // Opening a link with another token in a tab that shows the page already does not load the page.
  addEventListener('hashchange', learn)

  return {
    get value() {
      return kept.read()
    },
    drop,
  }

  function learn(): void {
    const token = tokenOf(location.hash)
    if (token === null) return
    kept.write(token)
    // In the address, Back would bring an old token back in place of a newer one, and a projector would show it. Without a
    // storage, the address keeps it through a reload.
    if (kept.lasts) clearFragment()
  }

  function drop(): void {
    kept.write(null)
    if (tokenOf(location.hash) !== null) clearFragment()
  }
}

function clearFragment(): void {
  history.replaceState(history.state, '', location.pathname + location.search)
}

export function tokenOf(fragment: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, '')).get('token') || null
}
