import { formatCount } from '../../../run/format.ts'
import { element, setText } from '../../shared/element.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import { visibleText } from '../../shared/visible-text.ts'
import type { LiveFrame } from '../store/live-frame.ts'

/** The one source that all lanes share: the newest event, what it was, and how fast they come. */
export function createSourceStrip(): View<LiveFrame> {
  const label = element('h2', { class: 'label' }, text.source.label)
  const number = element('span', { class: 'event-number number' })
  const rate = element('span', { class: 'source-rate number' })
  const event = element('span', { class: 'event-preview' })
  const kind = element('span', { class: 'muted' })
  const root = element(
    'section',
    { class: 'source' },
    label,
    element('p', { class: 'source-head' }, number, rate),
    element('p', { class: 'source-body' }, event, kind),
  )

  return { root, update }

  function update({ state }: LiveFrame): void {
    const seq = Math.max(state.latest?.seq ?? 0, state.top?.seq ?? 0)
    setText(number, seq === 0 ? '#–' : `#${formatCount(seq)}`)
    setText(rate, state.source === null ? '' : text.source.rate(state.source))
    const { latest, source } = state
    setText(
      event,
      latest === null ? text.source.noEvent : `${latest.type}: ${visibleText(previewOf(latest.data))}`,
    )
    setText(kind, source === null ? text.source.unknown : text.source.kind[source.kind])
  }
}

const PREVIEW_MAX_CHARACTERS = 60

/** The place of an earthquake, or the JSON of anything else. */
function previewOf(data: unknown): string {
  if (typeof data === 'object' && data !== null && 'place' in data && typeof data.place === 'string') {
    const magnitude = 'magnitude' in data && typeof data.magnitude === 'number' ? `M ${data.magnitude}, ` : ''
    return `${magnitude}${data.place}`
  }
  const json = JSON.stringify(data) ?? ''
  return json.length > PREVIEW_MAX_CHARACTERS ? `${json.slice(0, PREVIEW_MAX_CHARACTERS)}…` : json
}
