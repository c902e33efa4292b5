import { element, setData, setText } from '../../shared/element.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { Commands } from '../session/live-session.ts'
import type { LiveFrame } from '../store/live-frame.ts'
import { type CommandName, obstacleTo } from '../store/obstacle.ts'
import type { PageState } from '../store/page-state.ts'
import type { Keys } from './keys.ts'
import { createSlider } from './slider.ts'

const RATE_RANGE = { min: 0.2, max: 1_000, zero: true }
const POLL_INTERVAL_RANGE = { min: 100, max: 30_000, zero: false }

/** Everything a person can turn. Each shows its unit, its default, and the key that does the same. */
export function createControls(commands: Commands, keys: Keys): View<LiveFrame> {
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
  const buttons = [
    commandButton('pause', 'Space', pauseWord, commands.togglePause),
    commandButton('emit', 'E', text.controls.emit, commands.emit),
    commandButton('burst', 'B', text.controls.burst, commands.burst),
    commandButton('kill', 'K', text.controls.kill, commands.kill),
    commandButton('reset', 'R', text.controls.reset, commands.reset),
  ]
  const keysOn = element('input', { type: 'checkbox', role: 'switch', id: 'keys', checked: keys.on })
  keysOn.addEventListener('change', () => keys.set(keysOn.checked))
  const said = element('p', { class: 'said', role: 'status' })
  const root = element(
    'section',
    { class: 'controls', 'aria-label': text.controls.group },
    element('div', { class: 'sliders' }, rate.root, pollInterval.root),
    element('div', { class: 'buttons' }, ...buttons.map(button => button.root)),
    element(
      'div',
      { class: 'controls-foot' },
      said,
      element('label', { class: 'keys', for: 'keys' }, keysOn, text.controls.keys),
    ),
  )

  return { root, update }

  function update({ state }: LiveFrame): void {
    const paused = state.source?.rate === 0
    const rateObstacle = obstacleTo('rate', state)
    rate.root.hidden = rateObstacle?.name === 'lines' || rateObstacle?.name === 'no-source'
    rate.update(state.source?.rate ?? null, sentenceOf('rate', state))
    pollInterval.update(state.pollIntervalMs, sentenceOf('poll-interval', state))
    for (const button of buttons) button.update(state, keys.on)
    setText(pauseWord, paused ? text.controls.resume : text.controls.pause)
    // Why nothing can be commanded comes before what the last command came to.
    const obstacle = state.server === 'connecting' ? null : sentenceOf('emit', state)
    setText(said, obstacle ?? state.said?.sentence ?? '')
    setData(said, 'failed', String(obstacle === null && state.said?.failed === true))
  }
}

function sentenceOf(command: CommandName, state: PageState): string | null {
  const obstacle = obstacleTo(command, state)
  return obstacle === null ? null : text.obstacle(obstacle)
}

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
    const obstacle = sentenceOf(name, state)
    button.disabled = obstacle !== null
    button.title = obstacle ?? ''
    if (hint.hidden === !keysOn) return
    hint.hidden = !keysOn
    if (keysOn) button.setAttribute('aria-keyshortcuts', key)
    else button.removeAttribute('aria-keyshortcuts')
  }
}
