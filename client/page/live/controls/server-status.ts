import { element, setData, setText } from '../../shared/element.ts'
import { createStateIcon } from '../../shared/icons.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { LiveFrame } from '../store/live-frame.ts'

const ICONS = { connecting: 'waiting', ready: 'open', 'api-only': 'broken', gone: 'broken' } as const

/** Whether the server is there, and how well its clock is known, which bounds every latency on the page. */
export function createServerStatus(): View<LiveFrame> {
  const icon = createStateIcon()
  const word = element('span')
  const server = element('span', { class: 'status', role: 'status' }, icon.root, word)
  const clock = element('span', { class: 'clock number' })
  const root = element('div', { class: 'server-status' }, server, clock)

  return { root, update }

  function update({ state }: LiveFrame): void {
    icon.show(ICONS[state.server])
    setText(word, text.server[state.server])
    setData(server, 'server', state.server)
    setText(clock, state.clock === null ? text.clock.unknown : text.clock.known(state.clock.uncertaintyMs))
    clock.title = state.clock === null ? '' : text.clock.title(state.clock.bestRoundTripMs)
  }
}
