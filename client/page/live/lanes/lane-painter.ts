import { asksAtIntervals } from '../../../../server/protocol/techniques.ts'
import type { Palette } from '../../shared/palette.ts'
import { text } from '../../shared/text/en.ts'
import type { KnownEvents } from '../store/known-events.ts'
import { type Lane, SPAN } from '../store/lane-record.ts'
import type { HiddenTime } from '../store/page-state.ts'
import { LANE_WINDOW_MS } from '../store/windows.ts'
import { paintCells } from './cell-painter.ts'
import { type FlowMode, type Rails, railsOf, xAt } from './lane-geometry.ts'
import type { ShapeStamp } from './shape-stamp.ts'

/** One frame of one lane. */
export interface LaneFrame {
  readonly context: CanvasRenderingContext2D
  readonly width: number
  readonly height: number
  readonly nowMs: number
  readonly palette: Palette
  readonly mode: FlowMode
  readonly stamp: ShapeStamp
  /** False where the lane does not run: then no event is drawn as waiting. */
  readonly running: boolean
  readonly hidden: HiddenTime | null
}

const NUMBER_ROOM_PX = 8
/**
 * Without a graphics card, 600 lines of 1.5 px in one path take 14 ms to rasterise, and in hairlines of twenty to a
 * path half a millisecond. The page measures on the thread it draws on, so slow drawing would show up as latency.
 */
const LINES_PER_PATH = 20
const MANY_LINES = 100
const FONT = '14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace'

/** Draws what the lane was doing, the rails, then each event from the server's rail to the browser's. */
export function paintLane(frame: LaneFrame, lane: Lane, known: KnownEvents): void {
  const rails = railsOf(frame.height)
  paintHidden(frame)
  paintSpans(frame, lane, rails)
  paintRails(frame, rails)
  if (frame.mode === 'density') {
    paintDensity(frame, lane, rails)
  } else {
    if (frame.running) paintWaiting(frame, lane, known, rails)
    paintEvents(frame, lane, rails)
  }
  paintGaps(frame, lane, rails)
}

/** A shaded band over the time in which the tab was hidden and the browser slowed its timers. */
function paintHidden({ context, width, height, nowMs, palette, hidden }: LaneFrame): void {
  if (hidden === null || hidden.to < nowMs - LANE_WINDOW_MS) return
  const fromX = Math.max(0, xAt(hidden.from, nowMs, width))
  context.fillStyle = palette.ink
  context.globalAlpha = 0.08
  context.fillRect(fromX, 0, xAt(hidden.to, nowMs, width) - fromX, height)
  context.globalAlpha = 1
}

/** Held requests are tinted bars, polls are ticks that start at the browser, a break is hatched. */
function paintSpans(frame: LaneFrame, lane: Lane, rails: Rails): void {
  const { context, width, nowMs, palette } = frame
  const colour = palette.arms[lane.technique]
  for (let index = 0; index < lane.spans.length; index++) {
    const kind = lane.spans.get(index, 'kind')
    const end = lane.spans.get(index, 'end')
    const endMs = Number.isNaN(end) ? nowMs : end
    if (endMs < nowMs - LANE_WINDOW_MS) break
    const fromX = xAt(lane.spans.get(index, 'start'), nowMs, width)
    const toX = xAt(endMs, nowMs, width)
    if (kind === SPAN.broken) {
      hatch(frame, Math.max(0, fromX), toX, rails)
    } else if (kind === SPAN.holding && frame.mode !== 'density') {
      context.fillStyle = colour
      context.globalAlpha = 0.14
      context.fillRect(fromX, rails.serverY, Math.max(0, toX - fromX - 1), rails.browserY - rails.serverY)
    } else if (kind === SPAN.requesting && asksAtIntervals(lane.technique) && frame.mode !== 'density') {
      context.fillStyle = palette.ink
      context.globalAlpha = 0.45
      context.fillRect(fromX, rails.browserY - 12, 1.5, 12)
    }
    context.globalAlpha = 1
  }
}

function hatch({ context, palette }: LaneFrame, fromX: number, toX: number, rails: Rails): void {
  const top = rails.serverY
  const height = rails.browserY - top
  context.save()
  context.beginPath()
  context.rect(fromX, top, Math.max(2, toX - fromX), height)
  context.clip()
  context.strokeStyle = palette.fail
  context.globalAlpha = 0.5
  context.lineWidth = 1
  context.beginPath()
  for (let x = Math.floor(fromX / 6) * 6 - height; x < toX + 6; x += 6) {
    context.moveTo(x, top + height)
    context.lineTo(x + height, top)
  }
  context.stroke()
  context.restore()
  context.strokeStyle = palette.fail
  context.lineWidth = 2
  context.beginPath()
  context.moveTo(fromX + 1, top - 4)
  context.lineTo(fromX + 1, top + height + 4)
  context.stroke()
}

function paintRails({ context, width, palette }: LaneFrame, rails: Rails): void {
  context.strokeStyle = palette.muted
  context.globalAlpha = 0.6
  context.lineWidth = 1
  context.beginPath()
  for (const y of [rails.serverY, rails.browserY]) {
    context.moveTo(0, y + 0.5)
    context.lineTo(width, y + 0.5)
  }
  context.stroke()
  context.globalAlpha = 1
}

/** Events that other lanes already have and this one waits for: they are drawn on the server's rail. */
function paintWaiting(frame: LaneFrame, lane: Lane, known: KnownEvents, rails: Rails): void {
  const { context, width, nowMs, palette } = frame
  const place = lane.place
  if (place === null || known.top === null || known.top.epoch !== place.epoch) return
  let oldestX = width
  for (let index = 0; index < known.events.length; index++) {
    if (known.events.get(index, 'seq') <= place.seq) break
    const x = xAt(known.events.get(index, 'at'), nowMs, width)
    oldestX = Math.min(oldestX, x)
    frame.stamp.draw(context, x, rails.serverY, palette.arms[lane.technique], palette.surface)
  }
  if (oldestX === width) return
  context.fillStyle = palette.arms[lane.technique]
  context.fillRect(Math.max(0, oldestX), rails.serverY - 1, width - Math.max(0, oldestX), 2.5)
}

function paintEvents(frame: LaneFrame, lane: Lane, rails: Rails): void {
  const { context, width, nowMs, palette, mode } = frame
  const { arrivals } = lane
  const colour = palette.arms[lane.technique]
  const shown = visibleArrivals(lane, nowMs)

  context.strokeStyle = colour
  context.globalAlpha = 0.8
  context.lineWidth = shown > MANY_LINES ? 1 : 1.5
  for (let first = 0; first < shown; first += LINES_PER_PATH) {
    context.beginPath()
    for (let index = first; index < Math.min(shown, first + LINES_PER_PATH); index++) {
      context.moveTo(xAt(arrivals.get(index, 'at'), nowMs, width), rails.serverY)
      context.lineTo(xAt(arrivals.get(index, 'receivedAt'), nowMs, width), rails.browserY)
    }
    context.stroke()
  }
  context.globalAlpha = 1

  let shapeX = Number.POSITIVE_INFINITY
  for (let index = 0; index < shown; index++) {
    const x = xAt(arrivals.get(index, 'receivedAt'), nowMs, width)
    // A shape exactly on another cannot be seen: a batch is one shape with a line for each event.
    if (shapeX - x < 1) continue
    frame.stamp.draw(context, x, rails.browserY, colour, null)
    shapeX = x
  }
  if (mode === 'numbered') paintNumbers(frame, lane, rails, shown)
}

/** The newest first, and each where there is room beside those already drawn. */
function paintNumbers(frame: LaneFrame, lane: Lane, rails: Rails, shown: number): void {
  const { context, width, nowMs, palette } = frame
  context.font = FONT
  context.textAlign = 'center'
  context.fillStyle = palette.muted
  const digitPx = context.measureText('0').width
  let roomToX = width
  for (let index = 0; index < shown; index++) {
    const x = xAt(lane.arrivals.get(index, 'receivedAt'), nowMs, width)
    const label = String(lane.arrivals.get(index, 'seq'))
    const half = (label.length * digitPx) / 2
    if (x + half > roomToX || x - half < 0) continue
    context.fillText(label, x, rails.numberY)
    roomToX = x - half - NUMBER_ROOM_PX
  }
}

/** Arrivals are kept in the order of reception, so the first that is too old ends the search. */
function visibleArrivals(lane: Lane, nowMs: number): number {
  let count = 0
  while (count < lane.arrivals.length && lane.arrivals.get(count, 'receivedAt') >= nowMs - LANE_WINDOW_MS)
    count++
  return count
}

/** Publications along the upper rail, arrivals along the lower one. */
function paintDensity({ context, width, nowMs, palette }: LaneFrame, lane: Lane, rails: Rails): void {
  const height = (rails.browserY - rails.serverY) / 2 - 4
  context.fillStyle = palette.arms[lane.technique]
  paintCells(context, width, nowMs, [
    { bins: lane.emittedCells, y: rails.serverY + 2, height },
    { bins: lane.arrivedCells, y: rails.browserY - height - 1, height },
  ])
}

function paintGaps(frame: LaneFrame, lane: Lane, rails: Rails): void {
  const { context, width, nowMs, palette } = frame
  context.font = FONT
  context.textAlign = 'center'
  for (const { at, gap } of lane.gaps) {
    const x = xAt(at, nowMs, width)
    if (x < 0) continue
    frame.stamp.draw(context, x, rails.browserY, palette.fail, palette.surface)
    context.fillStyle = palette.fail
    const label = text.lane.gap(gap)
    context.fillText(label, Math.min(x, width - context.measureText(label).width / 2), rails.numberY)
  }
}
