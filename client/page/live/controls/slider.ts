import { element, setText } from '../../shared/element.ts'
import { type LogRange, positionOf, SLIDER_STEPS, valueAt } from './log-slider.ts'

interface SliderOptions {
  readonly id: string
  readonly label: string
  readonly hint: string
  readonly range: LogRange
  readonly format: (value: number) => string
  /** Called when the value is let go of, not on the way there. */
  readonly onChange: (value: number) => void
}

export interface Slider {
  readonly root: HTMLElement
  /** `value` is null while it is not known; `obstacle` says why the slider cannot be used, null where it can. */
  update(value: number | null, obstacle: string | null): void
}

/** One logarithmic slider with its value, unit and default. */
export function createSlider(options: SliderOptions): Slider {
  const input = element('input', {
    type: 'range',
    id: options.id,
    min: 0,
    max: SLIDER_STEPS,
    step: 1,
    value: 0,
    'aria-describedby': `${options.id}-hint`,
  })
  const output = element('output', { for: options.id, class: 'number' })
  const root = element(
    'div',
    { class: 'slider' },
    element('label', { for: options.id }, options.label),
    output,
    input,
    element('small', { id: `${options.id}-hint`, class: 'muted' }, options.hint),
  )
  /** While a hand is on the slider, what the server says must not pull it away. */
  let dragging = false

  input.addEventListener('input', () => {
    dragging = true
    say(valueAt(options.range, input.valueAsNumber))
  })
  input.addEventListener('change', () => {
    dragging = false
    options.onChange(valueAt(options.range, input.valueAsNumber))
  })

  return { root, update }

  function update(value: number | null, obstacle: string | null): void {
    input.disabled = value === null || obstacle !== null
    input.title = obstacle ?? ''
    if (input.disabled) dragging = false
    if (value === null || dragging) return
    const position = positionOf(options.range, value)
    if (input.valueAsNumber !== position) input.valueAsNumber = position
    say(value)
  }

  function say(value: number): void {
    const words = options.format(value)
    setText(output, words)
    if (input.getAttribute('aria-valuetext') !== words) input.setAttribute('aria-valuetext', words)
  }
}
