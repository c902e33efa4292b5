import type { Commands } from '../session/commands.ts'
import type { Keys } from './keys.ts'

/**
 * The keys of the live page. They do nothing together with Ctrl, Alt, Meta or Shift, while another control has the focus,
 * or when they are switched off.
 */
export function installShortcuts(commands: Commands, keys: Keys): void {
  document.addEventListener('keydown', event => {
    if (!keys.on || event.repeat || event.isComposing || event.defaultPrevented) return
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return
    if (event.target instanceof Element && isTaken(event.target, event.key)) return
    const command = commandOf(event.key)
    if (command === null) return
    event.preventDefault()
    command()
  })

  function commandOf(key: string): (() => void) | null {
    switch (key.toLowerCase()) {
      case ' ':
        return commands.togglePause
      case 'e':
        return commands.emit
      case 'b':
        return commands.burst
      case 'k':
        return commands.kill
      case 'r':
        return commands.reset
      default:
        return null
    }
  }
}

const CONTROLS =
  'a[href], button, input, select, textarea, summary, dialog, iframe, audio, video, [contenteditable], [tabindex], [role]'

/** A click leaves the focus on a command button, so letters still act there; Space presses the button. */
function isTaken(target: Element, key: string): boolean {
  if (document.querySelector('dialog[open]') !== null) return true
  const control = target.closest(CONTROLS)
  return control !== null && (key === ' ' || !control.matches('[data-command]'))
}
