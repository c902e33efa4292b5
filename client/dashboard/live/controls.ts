import { text } from '../../text.ts'
import { element, setData, setText } from '../element.ts'
import type { View } from '../view.ts'
import type { LiveFrame } from './live-frame.ts'
import type { Commands } from './live-session.ts'
import { createSlider } from './slider.ts'

const RATE_RANGE = { min: 0.2, max: 1_000, zero: true }
const POLL_INTERVAL_RANGE = { min: 100, max: 30_000, zero: false }

/** Everything a person can turn. Each shows its unit, its default, and the key that does the same. */
export function createControls(commands: Commands): View<LiveFrame> {
  const rate = createSlider({
    id: 'rate',
    label: text.controls.rate.label,
    hint: text.controls.rate.hint,
    range: RATE_RANGE,
    format: text.controls.rate.value,
    onChange: commands.setRate,
  })
  const pollInterval = createSlider({
    id: 'poll-interval',
    label: text.controls.pollInterval.label,
    hint: text.controls.pollInterval.hint,
    range: POLL_INTERVAL_RANGE,
    format: text.controls.pollInterval.value,
    onChange: commands.setPollInterval,
  })
  const pauseWord = element('span')
  const pause = commandButton('pause', 'Space', pauseWord, commands.togglePause)
  const said = element('p', { class: 'said', role: 'status' })
  const root = element(
    'section',
    { class: 'controls', 'aria-label': text.controls.group },
    element('div', { class: 'sliders' }, rate.root, pollInterval.root),
    element(
      'div',
      { class: 'buttons' },
      pause,
      commandButton('emit', 'E', text.controls.emit, commands.emit),
      commandButton('burst', 'B', text.controls.burst, commands.burst),
      commandButton('kill', 'K', text.controls.kill, commands.kill),
      commandButton('reset', 'R', text.controls.reset, commands.reset),
    ),
    said,
  )

  return { root, update }

  function update({ state }: LiveFrame): void {
    const paused = state.source?.rate === 0
    rate.update(state.source?.rate ?? null)
    pollInterval.update(state.pollIntervalMs)
    setText(pauseWord, paused ? text.controls.resume : text.controls.pause)
    setText(said, state.said?.sentence ?? '')
    setData(said, 'failed', String(state.said?.failed === true))
  }
}

/** A button that shows its key. */
export function commandButton(
  name: string,
  key: string,
  words: string | Node,
  command: () => void,
): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', 'data-command': name, 'aria-keyshortcuts': key },
    element('kbd', { 'aria-hidden': 'true' }, key),
    words,
  )
  button.addEventListener('click', command)
  return button
}
