import { stored } from './stored.ts'
import { text } from './text/en.ts'

const CHOICES = ['auto', 'light', 'dark'] as const
type Choice = (typeof CHOICES)[number]

/**
 * The ◐ button: as the system, light, dark, and from the start. `onChange` is called whenever the colours may have
 * changed, by the system too.
 */
export function installTheme(button: HTMLButtonElement, onChange: () => void): void {
  const kept = stored('browser', 'push-lab theme')
  let choice: Choice = CHOICES.find(known => known === kept.read()) ?? 'auto'
  apply()
  button.addEventListener('click', () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? 'auto'
    kept.write(choice)
    apply()
    onChange()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange)

  function apply(): void {
    document.documentElement.dataset['theme'] = choice
    button.title = text.theme[choice]
    button.setAttribute('aria-label', text.theme[choice])
  }
}
