import type { Commands } from '../session/live-session.ts'
import type { Keys } from './keys.ts'

/**
 * The keys of the live page. None of them acts together with Ctrl, Alt, Meta or Shift, nor while another control has the
 * keyboard, nor when they are switched off.
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

/** The buttons that show a key leave the letters to it; a click leaves the focus on them. Space presses them. */
function isTaken(target: Element, key: string): boolean {
  if (document.querySelector('dialog[open]') !== null) return true
  const control = target.closest(CONTROLS)
  return control !== null && (key === ' ' || !control.matches('[data-command]'))
}
