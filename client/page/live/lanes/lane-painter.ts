import type { KnownEvents } from '../store/known-events.ts'
import type { LaneRecord } from '../store/lane-record.ts'
import type { LaneFrame } from './lane-frame.ts'
import { CELL_MS, cellAlpha, type Rails, railsOf, WINDOW_MS, xAt } from './lane-geometry.ts'
import { paintHidden, paintSpans } from './span-painter.ts'

const NUMBER_ROOM_PX = 8
/**
 * Without a graphics card, 600 lines of 1.5 px in one path take 14 ms to rasterise, and in hairlines of twenty to a
 * path half a millisecond. The page measures on the thread it draws on, so slow drawing would show up as latency.
 */
const LINES_PER_PATH = 20
const MANY_LINES = 100
const FONT = '14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace'

/** Draws a lane: what the reader was doing, the rails, then each event from the server's rail to the browser's. */
export function paintLane(frame: LaneFrame, lane: LaneRecord, known: KnownEvents): void {
  const rails = railsOf(frame.height)
  paintHidden(frame)
  paintSpans(frame, lane, rails)
  paintRails(frame, rails)
  if (frame.mode === 'density') {
    paintCells(frame, lane, rails)
  } else {
    if (frame.running) paintWaiting(frame, lane, known, rails)
    paintEvents(frame, lane, rails)
  }
  paintGaps(frame, lane, rails)
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

/** Events that other lanes already have: they stand on the server's rail, and their time runs. */
function paintWaiting(frame: LaneFrame, lane: LaneRecord, known: KnownEvents, rails: Rails): void {
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

function paintEvents(frame: LaneFrame, lane: LaneRecord, rails: Rails): void {
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
    // One shape exactly on another cannot be seen: a batch is one shape and as many lines as it held.
    if (shapeX - x < 1) continue
    frame.stamp.draw(context, x, rails.browserY, colour, null)
    shapeX = x
  }
  if (mode === 'numbered') paintNumbers(frame, lane, rails, shown)
}

/** The newest first, and each where it has room beside the ones already there. */
function paintNumbers(frame: LaneFrame, lane: LaneRecord, rails: Rails, shown: number): void {
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

/** Arrivals come in the order of reception, so the first that is too old ends the search. */
function visibleArrivals(lane: LaneRecord, nowMs: number): number {
  let count = 0
  while (count < lane.arrivals.length && lane.arrivals.get(count, 'receivedAt') >= nowMs - WINDOW_MS) count++
  return count
}

function paintCells({ context, width, nowMs, palette }: LaneFrame, lane: LaneRecord, rails: Rails): void {
  const cells = WINDOW_MS / CELL_MS
  const cellWidth = width / cells
  const height = (rails.browserY - rails.serverY) / 2 - 4
  const first = Math.floor(nowMs / CELL_MS) - cells
  let largest = 0
  for (let cell = first; cell <= first + cells; cell++) {
    largest = Math.max(
      largest,
      lane.arrivedCells.countAt(cell * CELL_MS),
      lane.emittedCells.countAt(cell * CELL_MS),
    )
  }
  context.fillStyle = palette.arms[lane.technique]
  for (let cell = first; cell <= first + cells; cell++) {
    const x = xAt(cell * CELL_MS, nowMs, width)
    context.globalAlpha = cellAlpha(lane.emittedCells.countAt(cell * CELL_MS), largest)
    context.fillRect(x, rails.serverY + 2, cellWidth - 1, height)
    context.globalAlpha = cellAlpha(lane.arrivedCells.countAt(cell * CELL_MS), largest)
    context.fillRect(x, rails.browserY - height - 1, cellWidth - 1, height)
  }
  context.globalAlpha = 1
}

function paintGaps(frame: LaneFrame, lane: LaneRecord, rails: Rails): void {
  const { context, width, nowMs, palette } = frame
  context.font = FONT
  context.textAlign = 'center'
  for (const gap of lane.gaps) {
    const x = xAt(gap.at, nowMs, width)
    if (x < 0) continue
    frame.stamp.draw(context, x, rails.browserY, palette.fail, palette.surface)
    context.fillStyle = palette.fail
    context.fillText(gap.label, Math.min(x, width - context.measureText(gap.label).width / 2), rails.numberY)
  }
}
