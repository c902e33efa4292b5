import type { SourceSettings } from '../../../../server/protocol/api.ts'
import { forEachTechnique, type Technique } from '../../../../server/protocol/techniques.ts'
import { element, setText } from '../../shared/element.ts'
import type { Palette } from '../../shared/palette.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import { commandButton } from '../controls/command-button.ts'
import type { Keys } from '../controls/keys.ts'
import type { Commands } from '../session/commands.ts'
import { isEmpty, type LiveFrame } from '../store/live-frame.ts'
import { obstacleTo } from '../store/obstacle.ts'
import type { PageState } from '../store/page-state.ts'
import { LANE_WINDOW_MS } from '../store/windows.ts'
import { type Flow, flowOf, NO_FLOW } from './lane-geometry.ts'
import { createLaneView } from './lane-view.ts'
import { createSourceTicks } from './source-ticks.ts'

export interface LanesPanel extends View<LiveFrame> {
  draw(state: PageState, nowMs: number, palette: Palette): void
}

/** The source while it is silent and the lanes are empty; `null` where an event sent by hand would not be seen. */
function idleSource(frame: LiveFrame): SourceSettings | null {
  const { source, role, outage, lanesOn } = frame.state
  if (source === null || role !== 'owner' || outage !== null || lanesOn.length === 0) return null
  if (obstacleTo('emit', frame.state) !== null) return null
  const silent = source.rate === 0 || source.kind === 'none'
  return silent && isEmpty(frame, LANE_WINDOW_MS) ? source : null
}

/** The source's instants, the lanes that are on, and the time axis they share. */
export function createLanesPanel(commands: Commands, keys: Keys): LanesPanel {
  const ticks = createSourceTicks()
  const lanes = forEachTechnique(createLaneView)
  let on: readonly Technique[] = []
  let flow: Flow = NO_FLOW
  const rows = element('div', { class: 'lane-rows' })
  const none = element('p', { class: 'no-lanes' }, text.lane.none)
  const emptyWords = element('p')
  const emit = commandButton('emit', 'E', text.controls.emit, commands.emit)
  emit.root.dataset['command'] = 'emit-first'
  const empty = element(
    'div',
    { class: 'lane-row empty-row', hidden: true },
    element('div', { class: 'empty' }, emptyWords, emit.root),
  )
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
    rows,
    element(
      'div',
      { class: 'lane-row axis', 'aria-hidden': 'true' },
      element(
        'div',
        { class: 'axis-labels number muted' },
        ...text.lane.axis.map(tick => element('span', {}, tick)),
      ),
    ),
    element('p', { class: 'lanes-note muted' }, density, text.lane.window),
  )

  return { root, update, draw }

  function update(frame: LiveFrame): void {
    const { lanesOn, known } = frame.state
    if (on !== lanesOn) {
      on = lanesOn
      rows.replaceChildren(
        ...on.map(technique => lanes[technique].root),
        ...(on.length === 0 ? [none] : []),
        empty,
      )
    }
    for (const technique of on) lanes[technique].update(frame)
    flow = flowOf(known.cells, frame.nowMs, flow)
    density.hidden = flow.mode !== 'density'
    setText(density, text.lane.density(Math.round(flow.perSecond)))
    emit.update(frame.state, keys.on)
    const idle = idleSource(frame)
    empty.hidden = idle === null
    if (idle !== null) setText(emptyWords, text.lane.empty(idle, keys.on))
  }

  function draw(state: PageState, nowMs: number, palette: Palette): void {
    ticks.draw(state.known, flow.mode, nowMs, palette)
    for (const technique of on) lanes[technique].draw(state, nowMs, palette)
  }
}
