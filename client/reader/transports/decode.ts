import {
  type Batch,
  CONTROLS,
  type Control,
  type ControlFrame,
  type Gap,
  type LabEvent,
  parseCursor,
} from '../../../server/protocol/wire.ts'

/*
 * What came over the wire is believed only after it was looked at: a proxy's page, half an answer or another
 * server's event must never reach the application as one of ours. Each returns `null` for what it is not.
 */

export function decodeBatch(text: string): Batch | null {
  const value = decodeObject<Batch>(text)
  if (value === null || !isCursor(value.cursor) || !Array.isArray(value.events)) return null
  if (!value.events.every(isEvent)) return null
  if (value.gap !== undefined && !isGap(value.gap)) return null
  return value as Batch
}

export function decodeEvent(text: unknown): LabEvent | null {
  const value = decodeObject(text)
  return isEvent(value) ? value : null
}

/** An SSE control message: its name is the event's, and a gap's cursor its `id`. */
export function decodeControl(control: Control, text: unknown, id: string | undefined): ControlFrame | null {
  const value = decodeObject(text)
  if (value === null) return null
  return asControl(control === 'gap' ? { ...value, control, cursor: id } : { ...value, control })
}

/** A WebSocket's frame. `unknown` is a control message of a later protocol: not for us, and no fault. */
export function decodeFrame(
  text: unknown,
):
  | { kind: 'event'; event: LabEvent }
  | { kind: 'control'; frame: ControlFrame }
  | { kind: 'said'; cursor: string }
  | { kind: 'unknown' }
  | null {
  const value = decodeObject<{ control: unknown; said: unknown }>(text)
  if (isEvent(value)) return { kind: 'event', event: value }
  if (isCursor(value?.said)) return { kind: 'said', cursor: value.said }
  if (typeof value?.control !== 'string') return null
  if (!CONTROLS.some(control => control === value.control)) return { kind: 'unknown' }
  const frame = asControl(value)
  return frame && { kind: 'control', frame }
}

/** The named members of a JSON object, their types still unknown. */
type Unproven<T> = { readonly [member in keyof T]?: unknown }

export function decodeObject<T>(text: unknown): Unproven<T> | null {
  if (typeof text !== 'string') return null
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    return null
  }
}

function asControl(value: Unproven<Record<string, unknown>>): ControlFrame | null {
  const frame: Unproven<Record<'control' | 'cursor' | 'epoch' | 'top' | 'retryMs', unknown>> = value
  const sound =
    (frame.control === 'hello' && isCursor(frame.cursor) && typeof frame.epoch === 'string') ||
    (frame.control === 'gap' && isCursor(frame.cursor) && isGap(frame)) ||
    (frame.control === 'heartbeat' && Number.isSafeInteger(frame.top)) ||
    (frame.control === 'bye' && typeof frame.retryMs === 'number')
  return sound ? (value as unknown as ControlFrame) : null
}

function isCursor(value: unknown): value is string {
  return typeof value === 'string' && parseCursor(value) !== null
}

function isEvent(value: unknown): value is LabEvent {
  if (typeof value !== 'object' || value === null) return false
  const { seq, at, type }: Unproven<LabEvent> = value
  return Number.isSafeInteger(seq) && typeof at === 'number' && typeof type === 'string'
}

function isGap(value: unknown): value is Gap {
  if (typeof value !== 'object' || value === null) return false
  const { reason, from, to, lost }: Unproven<Extract<Gap, { reason: 'trimmed' }>> = value
  if (reason !== 'trimmed') return reason === 'epoch' || reason === 'ahead'
  return typeof from === 'number' && typeof to === 'number' && to >= from && lost === to - from + 1
}
