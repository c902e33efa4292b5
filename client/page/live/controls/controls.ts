import { asksAtIntervals } from '../../../../server/protocol/techniques.ts'
import { element, setData, setText } from '../../shared/element.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { Commands } from '../session/commands.ts'
import type { LiveFrame } from '../store/live-frame.ts'
import { type CommandName, obstacleTo } from '../store/obstacle.ts'
import type { CommandOutcome, PageState } from '../store/page-state.ts'
import { commandButton } from './command-button.ts'
import type { Keys } from './keys.ts'
import { createLanesMenu } from './lanes-menu.ts'
import { createSlider } from './slider.ts'

const RATE_RANGE = { min: 0.2, max: 1_000, zero: true }
const POLL_INTERVAL_RANGE = { min: 100, max: 30_000, zero: false }

/** Everything a person can set. Each control shows its unit, its default, and the key that does the same. */
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
  const menu = createLanesMenu(commands)
  const outcome = element('p', { class: 'outcome', role: 'status' })
  const root = element(
    'section',
    { class: 'controls', 'aria-label': text.controls.group },
    element('div', { class: 'sliders' }, rate.root, pollInterval.root),
    element('div', { class: 'buttons' }, ...buttons.map(button => button.root)),
    element(
      'div',
      { class: 'controls-foot' },
      outcome,
      menu.root,
      element('label', { class: 'keys', for: 'keys' }, keysOn, text.controls.keys),
    ),
  )

  return { root, update }

  function update(frame: LiveFrame): void {
    const { state } = frame
    const rateObstacle = obstacleTo('rate', state)
    rate.root.hidden = rateObstacle?.name === 'lines' || rateObstacle?.name === 'no-source'
    rate.update(state.source?.rate ?? null, reasonOf('rate', state))
    pollInterval.root.hidden = !state.lanesOn.some(asksAtIntervals)
    pollInterval.update(state.pollIntervalMs, reasonOf('poll-interval', state))
    for (const button of buttons) button.update(state, keys.on)
    setText(pauseWord, state.source?.rate === 0 ? text.controls.resume : text.controls.pause)
    menu.update(frame)
    // Why no command works is shown rather than what the last one came to.
    const reason = state.server === 'connecting' ? null : reasonOf('emit', state)
    setText(outcome, reason ?? (state.outcome === null ? '' : text.controls.outcome(state.outcome)))
    setData(outcome, 'failed', String(reason === null && isFailure(state.outcome)))
  }
}

function isFailure(outcome: CommandOutcome | null): boolean {
  return outcome?.name === 'failed' || outcome?.name === 'obstructed'
}

function reasonOf(command: CommandName, state: PageState): string | null {
  const obstacle = obstacleTo(command, state)
  return obstacle === null ? null : text.obstacle(obstacle)
}
