import {
  type Batch,
  CONTROLS,
  type Control,
  type ControlFrame,
  type Cursor,
  type Gap,
  type LabEvent,
  parseCursor,
} from '../../../server/protocol/wire.ts'

/*
 * What came over the wire is checked before it is believed: a proxy's page, half an answer or another server's event
 * must never reach the application as one of ours. Each function returns `null` for what is not part of the protocol.
 * Cursors are parsed here, once.
 */

/** A batch with its cursor parsed. */
export type ReceivedBatch = WithCursor<Batch>
/** A control message with its cursor parsed, if it has one. */
export type ReceivedControl = WithCursor<ControlFrame>

type WithCursor<T> = T extends { readonly cursor: string }
  ? { readonly [Key in keyof T]: Key extends 'cursor' ? Cursor : T[Key] }
  : T

/** One message of a link on which events travel bare. */
export type Frame =
  /** Its epoch is that of the last hello or gap; empty before the first. */
  | { readonly kind: 'event'; readonly event: LabEvent; readonly epoch: string }
  | { readonly kind: 'control'; readonly control: ReceivedControl }
  /** The answer to something said. */
  | { readonly kind: 'said'; readonly cursor: Cursor }
  /** A control message of a later protocol: not for this reader, and no fault. */
  | { readonly kind: 'unknown' }

export function decodeBatch(text: string): ReceivedBatch | null {
  const value = decodeObject<Batch>(text)
  const cursor = decodeCursor(value?.cursor)
  if (value === null || cursor === null) return null
  if (!Array.isArray(value.events) || !value.events.every(isEvent)) return null
  if (value.gap !== undefined && !isGap(value.gap)) return null
  return { ...(value as Batch), cursor }
}

export function decodeEvent(text: unknown): LabEvent | null {
  const value = decodeObject(text)
  return isEvent(value) ? value : null
}

/** A control message whose name is that of a server-sent event, and whose cursor, if it is a gap, is the event's `id`. */
export function decodeControl(
  control: Control,
  text: unknown,
  id: string | undefined,
): ReceivedControl | null {
  const value = decodeObject(text)
  if (value === null) return null
  return asControl(control === 'gap' ? { ...value, control, cursor: id } : { ...value, control })
}

/**
 * Decodes, one after the other, the messages of a link on which events travel bare and control messages as
 * `{"control":…}`: the frames of a WebSocket, or the lines of an NDJSON stream.
 */
export function createFrameDecoder(): (text: unknown) => Frame | null {
  let epoch = ''

  return text => {
    const value = decodeObject<{ control: unknown; said: unknown }>(text)
    if (isEvent(value)) return { kind: 'event', event: value, epoch }
    const cursor = decodeCursor(value?.said)
    if (cursor !== null) return { kind: 'said', cursor }
    if (typeof value?.control !== 'string') return null
    if (!CONTROLS.some(control => control === value.control)) return { kind: 'unknown' }
    const control = asControl(value)
    if (control === null) return null
    epoch = epochAfter(control) ?? epoch
    return { kind: 'control', control }
  }
}

/** A hello's cursor may be of the reader's former epoch, so a hello names the epoch that follows. A gap's cursor leads there. */
function epochAfter(frame: ReceivedControl): string | undefined {
  if (frame.control === 'hello') return frame.epoch
  return frame.control === 'gap' ? frame.cursor.epoch : undefined
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

export function decodeCursor(value: unknown): Cursor | null {
  return typeof value === 'string' ? parseCursor(value) : null
}

function asControl(value: Unproven<Record<string, unknown>>): ReceivedControl | null {
  const frame: Unproven<Record<'control' | 'cursor' | 'epoch' | 'top' | 'retryMs', unknown>> = value
  const cursor = decodeCursor(frame.cursor)
  const isSound =
    (frame.control === 'hello' && cursor !== null && typeof frame.epoch === 'string') ||
    (frame.control === 'gap' && cursor !== null && isGap(frame)) ||
    (frame.control === 'heartbeat' && Number.isSafeInteger(frame.top)) ||
    (frame.control === 'bye' && typeof frame.retryMs === 'number')
  if (!isSound) return null
  return (cursor === null ? value : { ...value, cursor }) as unknown as ReceivedControl
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
