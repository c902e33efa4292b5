import { element, setText } from '../../shared/element.ts'

/** Fine enough that neighbouring positions differ by a few per cent. */
export const SLIDER_STEPS = 200

export interface LogRange {
  readonly min: number
  readonly max: number
  /** Position 0 means the value 0, and `min` begins at position 1. */
  readonly zero: boolean
}

/** The value at a position 0…SLIDER_STEPS, rounded to two significant digits so that it can be read aloud. */
export function valueAt(range: LogRange, position: number): number {
  if (range.zero && position <= 0) return 0
  const first = range.zero ? 1 : 0
  const share = Math.min(1, Math.max(0, (position - first) / (SLIDER_STEPS - first)))
  return Number((range.min * (range.max / range.min) ** share).toPrecision(2))
}

/** The nearest position to a value; values outside the range are at its ends. */
export function positionOf(range: LogRange, value: number): number {
  const first = range.zero ? 1 : 0
  if (range.zero && value <= 0) return 0
  const share = Math.log(value / range.min) / Math.log(range.max / range.min)
  return Math.round(first + Math.min(1, Math.max(0, share)) * (SLIDER_STEPS - first))
}

interface SliderOptions {
  readonly id: string
  readonly label: string
  readonly hint: string
  readonly range: LogRange
  readonly format: (value: number) => string
  /** Called when the slider is released, not while it is dragged. */
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
  /** While a person drags the slider, the server's value must not move it. */
  let dragging = false

  input.addEventListener('input', () => {
    dragging = true
    show(valueAt(options.range, input.valueAsNumber))
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
    show(value)
  }

  function show(value: number): void {
    const words = options.format(value)
    setText(output, words)
    if (input.getAttribute('aria-valuetext') !== words) input.setAttribute('aria-valuetext', words)
  }
}
