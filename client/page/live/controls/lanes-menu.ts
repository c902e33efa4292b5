import { TECHNIQUES } from '../../../../server/protocol/techniques.ts'
import { element } from '../../shared/element.ts'
import { IDENTITIES, shapeIcon } from '../../shared/identity.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { Commands } from '../session/commands.ts'
import type { LiveFrame } from '../store/live-frame.ts'

/** Switches each lane on and off. */
export function createLanesMenu(commands: Pick<Commands, 'setLane'>): View<LiveFrame> {
  const boxes = TECHNIQUES.map(technique => {
    const input = element('input', { type: 'checkbox', 'data-lane': technique })
    input.addEventListener('change', () => commands.setLane(technique, input.checked))
    const { name } = IDENTITIES[technique]
    return { technique, input, label: element('label', {}, input, shapeIcon(IDENTITIES[technique]), name) }
  })
  const root = element(
    'details',
    { class: 'lanes-menu' },
    element('summary', {}, text.lanesMenu.summary),
    element(
      'fieldset',
      {},
      element('legend', { class: 'unseen' }, text.lanesMenu.legend),
      ...boxes.map(({ label }) => label),
    ),
  )
  root.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return
    root.open = false
    root.querySelector('summary')?.focus()
  })
  document.addEventListener('click', event => {
    if (event.target instanceof Node && !root.contains(event.target)) root.open = false
  })

  return { root, update }

  function update({ state }: LiveFrame): void {
    for (const { technique, input } of boxes) input.checked = state.lanesOn.includes(technique)
  }
}
