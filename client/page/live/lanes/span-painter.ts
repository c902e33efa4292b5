import { SPAN } from '../store/known-events.ts'
import type { LaneRecord } from '../store/lane-record.ts'
import type { LaneFrame } from './lane-frame.ts'
import { type Rails, WINDOW_MS, xAt } from './lane-geometry.ts'

/** While nobody looked, the browser slowed the timers: a shaded band, so that what lies in it is read with care. */
export function paintHidden({ context, width, height, nowMs, palette, hidden }: LaneFrame): void {
  if (hidden === null || hidden.to < nowMs - WINDOW_MS) return
  const fromX = Math.max(0, xAt(hidden.from, nowMs, width))
  context.fillStyle = palette.ink
  context.globalAlpha = 0.08
  context.fillRect(fromX, 0, xAt(hidden.to, nowMs, width) - fromX, height)
  context.globalAlpha = 1
}

/** Held asks are tinted bars, polls are ticks that start at the browser, a break is hatched. */
export function paintSpans(frame: LaneFrame, lane: LaneRecord, rails: Rails): void {
  const { context, width, nowMs, palette } = frame
  const colour = palette.arms[lane.technique]
  for (let index = 0; index < lane.spans.length; index++) {
    const kind = lane.spans.get(index, 'kind')
    const end = lane.spans.get(index, 'end')
    const endMs = Number.isNaN(end) ? nowMs : end
    if (endMs < nowMs - WINDOW_MS) break
    const fromX = xAt(lane.spans.get(index, 'start'), nowMs, width)
    const toX = xAt(endMs, nowMs, width)
    if (kind === SPAN.broken) {
      hatch(frame, Math.max(0, fromX), toX, rails)
    } else if (kind === SPAN.holding && frame.mode !== 'density') {
      context.fillStyle = colour
      context.globalAlpha = 0.14
      context.fillRect(fromX, rails.serverY, Math.max(0, toX - fromX - 1), rails.browserY - rails.serverY)
    } else if (kind === SPAN.asking && lane.technique === 'poll' && frame.mode !== 'density') {
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
