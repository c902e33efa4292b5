import type { LaneFrame } from './lane-frame.ts'
import { CELL_MS, cellAlpha, type Rails, railsOf, WINDOW_MS, xAt } from './lane-geometry.ts'
import type { LaneRecord } from './lane-record.ts'
import type { KnownEvents } from './mark-log.ts'
import { paintHidden, paintSpans } from './span-painter.ts'

const SHAPE_PX = 10
const NUMBER_ROOM_PX = 8
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
    drawShape(frame, x, rails.serverY, palette.arms[lane.technique], true)
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
  context.lineWidth = 1.5
  context.globalAlpha = 0.75
  context.beginPath()
  for (let index = 0; index < shown; index++) {
    context.moveTo(xAt(arrivals.get(index, 'at'), nowMs, width), rails.serverY)
    context.lineTo(xAt(arrivals.get(index, 'receivedAt'), nowMs, width), rails.browserY)
  }
  context.stroke()
  context.globalAlpha = 1

  context.font = FONT
  context.textAlign = 'center'
  let roomFromX = Number.POSITIVE_INFINITY
  for (let index = 0; index < shown; index++) {
    const x = xAt(arrivals.get(index, 'receivedAt'), nowMs, width)
    drawShape(frame, x, rails.browserY, colour, false)
    if (mode !== 'numbered') continue
    const label = String(arrivals.get(index, 'seq'))
    const half = context.measureText(label).width / 2
    if (x + half > roomFromX || x + half > width || x - half < 0) continue
    context.fillStyle = palette.muted
    context.fillText(label, x, rails.numberY)
    roomFromX = x - half - NUMBER_ROOM_PX
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
    drawShape(frame, x, rails.browserY, palette.fail, true)
    context.fillStyle = palette.fail
    context.fillText(gap.label, Math.min(x, width - context.measureText(gap.label).width / 2), rails.numberY)
  }
}

function drawShape(
  { context, palette, shape }: LaneFrame,
  x: number,
  y: number,
  colour: string,
  hollow: boolean,
): void {
  const scale = SHAPE_PX / 12
  context.save()
  context.translate(x - SHAPE_PX / 2, y - SHAPE_PX / 2)
  context.scale(scale, scale)
  context.fillStyle = hollow ? palette.surface : colour
  context.fill(shape)
  if (hollow) {
    context.strokeStyle = colour
    context.lineWidth = 2
    context.stroke(shape)
  }
  context.restore()
}
