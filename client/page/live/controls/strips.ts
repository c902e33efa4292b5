import { element, setText } from '../../shared/element.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { Commands } from '../session/commands.ts'
import type { LiveFrame } from '../store/live-frame.ts'

/** How long the page tells that the tab was hidden. */
const HIDDEN_STRIP_MS = 20_000
/** A shorter time is not worth a strip. */
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
    // A screen reader speaks an alert when its text appears, so the text appears with the state.
    alert(gone, state.server === 'gone' || state.server === 'api-only' ? text.strip[state.server] : null)
    alert(outage, state.outage === null ? null : text.strip.outage(state.outage))
    viewer.hidden = state.role !== 'viewer'
    const time = state.hidden
    hidden.hidden = time === null || nowMs - time.to > HIDDEN_STRIP_MS || time.to - time.from < HIDDEN_MIN_MS
    setText(hidden, time === null ? '' : text.strip.hidden(time))
  }

  function alert(strip: HTMLElement, sentence: string | null): void {
    setText(strip, sentence === null ? '' : `✕ ${sentence}`)
    strip.hidden = sentence === null
  }
}
