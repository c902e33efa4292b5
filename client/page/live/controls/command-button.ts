import { element } from '../../shared/element.ts'
import { text } from '../../shared/text/en.ts'
import { type CommandName, obstacleTo } from '../store/obstacle.ts'
import type { PageState } from '../store/page-state.ts'

export interface CommandButton {
  readonly root: HTMLButtonElement
  update(state: PageState, keysOn: boolean): void
}

/** A button that shows its key while keys are on, and says why where it cannot be used. */
export function commandButton(
  name: Exclude<CommandName, 'rate' | 'poll-interval'>,
  key: string,
  words: string | Node,
  command: () => void,
): CommandButton {
  const hint = element('kbd', { 'aria-hidden': 'true' }, key)
  const button = element(
    'button',
    { type: 'button', 'data-command': name, 'aria-keyshortcuts': key },
    hint,
    words,
  )
  button.addEventListener('click', command)

  return { root: button, update }

  function update(state: PageState, keysOn: boolean): void {
    const obstacle = obstacleTo(name, state)
    button.disabled = obstacle !== null
    button.title = obstacle === null ? '' : text.obstacle(obstacle)
    if (hint.hidden === !keysOn) return
    hint.hidden = !keysOn
    if (keysOn) button.setAttribute('aria-keyshortcuts', key)
    else button.removeAttribute('aria-keyshortcuts')
  }
}
