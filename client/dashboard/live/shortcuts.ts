import type { Commands } from './live-session.ts'

/** The keys of the live page. None of them acts while somebody types, nor together with Ctrl, Alt or Meta. */
export function installShortcuts(commands: Commands): void {
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.defaultPrevented) return
    if (event.target instanceof Element && takesKey(event.target, event.key)) return
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

/** Space belongs to the button, link or summary that has the focus; letters only to what is typed into. */
function takesKey(target: Element, key: string): boolean {
  if (target.closest('input:not([type="range"]), textarea, select, [contenteditable]') !== null) return true
  return key === ' ' && target.closest('button, a, summary') !== null
}
