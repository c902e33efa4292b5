import type { SourceSettings } from '../../../../server/protocol/api.ts'
import { TECHNIQUES } from '../../../../server/protocol/techniques.ts'
import { element, setText } from '../../shared/element.ts'
import type { Palette } from '../../shared/palette.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import { commandButton } from '../controls/controls.ts'
import type { Keys } from '../controls/keys.ts'
import type { Commands } from '../session/live-session.ts'
import { isEmpty, type LiveFrame } from '../store/live-frame.ts'
import { obstacleTo } from '../store/obstacle.ts'
import type { PageState } from '../store/page-state.ts'
import { type FlowMode, flowMode, WINDOW_MS } from './lane-geometry.ts'
import { createLaneView } from './lane-view.ts'
import { createSourceTicks } from './source-ticks.ts'

export interface LanesPanel extends View<LiveFrame> {
  draw(state: PageState, nowMs: number, palette: Palette): void
}

/** The source while it is silent and nothing is to be seen; not where one event sent by hand would not be seen either. */
function idleSource(frame: LiveFrame): SourceSettings | null {
  const { source, role, outage } = frame.state
  if (source === null || role !== 'owner' || outage !== null) return null
  if (obstacleTo('emit', frame.state) !== null) return null
  const silent = source.rate === 0 || source.kind === 'none'
  return silent && isEmpty(frame, WINDOW_MS) ? source : null
}

/** The source's instants, the four lanes, and the time axis they share. */
export function createLanesPanel(commands: Commands, keys: Keys): LanesPanel {
  const ticks = createSourceTicks()
  const lanes = TECHNIQUES.map(createLaneView)
  const emptyWords = element('p')
  const emit = commandButton('emit', 'E', text.controls.emit, commands.emit)
  emit.root.dataset['command'] = 'emit-first'
  const empty = element('div', { class: 'empty', hidden: true }, emptyWords, emit.root)
  const density = element('strong', { hidden: true })
  const root = element(
    'section',
    { class: 'lanes', 'aria-label': text.lane.region },
    element(
      'div',
      { class: 'lane-row source-row', 'aria-hidden': 'true' },
      element('span', { class: 'muted' }, text.source.emits),
      ticks.canvas,
    ),
    ...lanes.map(lane => lane.root),
    element(
      'div',
      { class: 'lane-row axis', 'aria-hidden': 'true' },
      element(
        'div',
        { class: 'axis-labels number muted' },
        ...text.lane.axis.map(tick => element('span', {}, tick)),
      ),
    ),
    empty,
    element('p', { class: 'lanes-note muted' }, density, text.lane.window),
  )

  let mode: FlowMode = 'numbered'

  return { root, update, draw }

  function update(frame: LiveFrame): void {
    for (const lane of lanes) lane.update(frame)
    const perSecond =
      frame.state.known.cells.between(frame.nowMs - WINDOW_MS, frame.nowMs).count / (WINDOW_MS / 1_000)
    mode = flowMode(perSecond, mode)
    density.hidden = mode !== 'density'
    setText(density, text.lane.density(Math.round(perSecond)))
    emit.update(frame.state, keys.on)
    const idle = idleSource(frame)
    empty.hidden = idle === null
    if (idle !== null) setText(emptyWords, text.empty(idle, keys.on))
  }

  function draw(state: PageState, nowMs: number, palette: Palette): void {
    ticks.draw(state.known, nowMs, palette)
    for (const lane of lanes) lane.draw(state, nowMs, palette)
  }
}
