import { text } from '../text.ts'

const CHOICES = ['auto', 'light', 'dark'] as const
type Choice = (typeof CHOICES)[number]

const STORAGE_KEY = 'push-lab theme'

/**
 * The ◐ button: as the system, light, dark, round and round. `onChange` is called whenever the colours may have
 * changed, also by the system.
 */
export function installTheme(button: HTMLButtonElement, onChange: () => void): void {
  let choice = readChoice()
  apply()
  button.addEventListener('click', () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? 'auto'
    writeChoice(choice)
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

/** Storage may be forbidden; the theme then lasts as long as the page. */
function readChoice(): Choice {
  try {
    return CHOICES.find(choice => choice === localStorage.getItem(STORAGE_KEY)) ?? 'auto'
  } catch {
    return 'auto'
  }
}

function writeChoice(choice: Choice): void {
  try {
    localStorage.setItem(STORAGE_KEY, choice)
  } catch {}
}
