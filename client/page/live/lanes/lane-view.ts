import type { Technique } from '../../../../server/protocol/techniques.ts'
import type { SubscriptionState } from '../../../reader/subscribe.ts'
import { element, setData, setText } from '../../shared/element.ts'
import { createStateIcon, type StateIconName } from '../../shared/icons.ts'
import { IDENTITIES, shapeIcon } from '../../shared/identity.ts'
import type { Palette } from '../../shared/palette.ts'
import { text } from '../../shared/text/en.ts'
import type { View } from '../../shared/view.ts'
import type { LiveFrame } from '../store/live-frame.ts'
import type { PageState } from '../store/page-state.ts'
import { type Flow, flowOf, NO_FLOW } from './lane-geometry.ts'
import { createLaneNumbers } from './lane-numbers.ts'
import { paintLane } from './lane-painter.ts'
import { createScaledCanvas } from './scaled-canvas.ts'
import { createShapeStamp } from './shape-stamp.ts'

/** One lane: its name, what it is doing, its picture and its numbers. */
export interface LaneView extends View<LiveFrame> {
  /** The moving part, once per animation frame. */
  draw(state: PageState, nowMs: number, palette: Palette): void
}

export function createLaneView(technique: Technique): LaneView {
  const identity = IDENTITIES[technique]
  const icon = createStateIcon()
  const word = element('span')
  const about = element('p', { class: 'lane-about muted' })
  const picture = createScaledCanvas(
    element('canvas', { class: 'lane-canvas', role: 'img', 'aria-label': text.lane.picture(technique) }),
  )
  const numbers = createLaneNumbers(technique)
  const root = element(
    'section',
    { class: 'lane', 'data-technique': technique, 'aria-label': identity.name },
    element(
      'div',
      { class: 'lane-head' },
      element('h2', { class: 'lane-name' }, shapeIcon(identity), identity.name),
      element('p', { class: 'lane-state' }, icon.root, word),
      about,
    ),
    element(
      'div',
      { class: 'lane-picture' },
      element('span', { class: 'rail-name server', 'aria-hidden': 'true' }, text.lane.server),
      element('span', { class: 'rail-name browser', 'aria-hidden': 'true' }, text.lane.browser),
      picture.canvas,
    ),
    numbers.root,
  )
  const stamp = createShapeStamp(identity.path)
  let flow: Flow = NO_FLOW

  return { root, update, draw }

  function update(frame: LiveFrame): void {
    const { state, nowMs, monotonicMs } = frame
    const lane = state.lanes[technique]
    icon.show(iconOf(lane.state))
    setText(
      word,
      lane.state === null
        ? text.lane.idle(state.role, state.server)
        : text.lane.state(lane.state, monotonicMs),
    )
    flow = flowOf(lane.arrivedCells, nowMs, flow)
    const trouble = lane.state === null ? null : text.lane.trouble(lane.state)
    const { moved } = lane
    setText(
      about,
      trouble ??
        (moved === null
          ? text.lane.about[technique](state.pollIntervalMs)
          : text.lane.moved(technique, moved.to, moved.why)),
    )
    setData(root, 'trouble', String(trouble !== null || moved !== null))
    const counts = lane.counts()
    setData(root, 'state', lane.state?.name ?? 'idle')
    setData(root, 'received', counts.received)
    setData(root, 'missing', counts.missing)
    setData(root, 'repeated', counts.repeated)
    setData(root, 'audit', lane.audit(state.top)?.name ?? 'unknown')
    numbers.update(frame)
  }

  function draw(state: PageState, nowMs: number, palette: Palette): void {
    const context = picture.begin()
    if (context === null) return
    const { width, height } = picture
    const running = state.role === 'owner'
    paintLane(
      { context, width, height, nowMs, palette, mode: flow.mode, stamp, running, hidden: state.hidden },
      state.lanes[technique],
      state.known,
    )
  }
}

function iconOf(state: SubscriptionState | null): StateIconName {
  switch (state?.name) {
    case 'requesting':
    case 'resting':
      return 'requesting'
    case 'holding':
      return 'holding'
    case 'open':
      return 'open'
    case 'reconnecting':
    case 'closed':
      return 'broken'
    case 'connecting':
    case undefined:
      return 'waiting'
  }
}
