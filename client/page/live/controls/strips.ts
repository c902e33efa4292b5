import { element, setText } from '../../shared/element.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { Commands } from '../session/live-session.ts'
import type { LiveFrame } from '../store/live-frame.ts'

/** How long the page tells what happened while nobody looked. */
const HIDDEN_STRIP_MS = 20_000
/** Looking away for a moment is nothing to speak of. */
const HIDDEN_MIN_MS = 2_000

/** The page-wide strips: the server is gone, the lanes do not reach it, they run elsewhere, the tab was hidden. */
export function createStrips(commands: Commands): View<LiveFrame> {
  const gone = element('p', { class: 'strip fail', role: 'alert', hidden: true })
  const outage = element('p', { class: 'strip fail', role: 'alert', hidden: true })
  const takeOver = element('button', { type: 'button' }, text.strip.takeOver)
  takeOver.addEventListener('click', commands.takeOver)
  const viewer = element('p', { class: 'strip', hidden: true }, text.strip.viewer, ' ', takeOver)
  const hidden = element('p', { class: 'strip', hidden: true })
  const root = element('div', { class: 'strips' }, gone, outage, viewer, hidden)

  return { root, update }

  function update({ state, nowMs }: LiveFrame): void {
    // The alert is spoken when its words come, so they come only with the state.
    say(gone, state.server === 'gone' || state.server === 'unheard' ? text.strip[state.server] : null)
    say(outage, state.outage === null ? null : text.strip.outage(state.outage))
    viewer.hidden = state.role !== 'viewer'
    const away = state.hidden
    hidden.hidden = away === null || nowMs - away.to > HIDDEN_STRIP_MS || away.to - away.from < HIDDEN_MIN_MS
    setText(hidden, away?.sentence ?? '')
  }

  function say(alert: HTMLElement, sentence: string | null): void {
    setText(alert, sentence === null ? '' : `✕ ${sentence}`)
    alert.hidden = sentence === null
  }
}
