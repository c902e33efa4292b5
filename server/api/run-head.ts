import type { FileHandle } from 'node:fs/promises'
import { type Fact, type Params, RUN_SCHEMA, type RunSummary, type UnreadableCode } from '../protocol/run.ts'

/** What the list says of a run, and what it takes to send the whole of it. */
export interface RunHead {
  readonly summary: Omit<RunSummary, 'id'>
  /** The `id` that stands in the file; undefined if there is none. */
  readonly id: unknown
  /** Offset of the brace that closes the file's object. */
  readonly closesAt: number
}

/** Why a run cannot be read; nothing of the file is in it but the number of its schema. */
export class UnreadableRun extends Error {
  readonly reason: Fact

  constructor(code: UnreadableCode, params: Params = {}) {
    super(code)
    this.reason = { code, params }
  }
}

/** The page holds a whole run in memory. */
const RUN_MAX_BYTES = 64 * 1024 * 1024
/** The top of a run holds its names, some short texts and numbers. */
const TOP_MAX_BYTES = 16 * 1024
const TEXT_MAX = 100
const CHUNK_BYTES = 64 * 1024

const LISTS = ['calibration', 'caveats', 'scenarios', 'summary', 'comparisons', 'bands', 'trials']
const OBJECTS = ['provenance', 'metrics']

/**
 * Reads a `run.json` in chunks, with turns of the event loop between them, and keeps only its top; what is nested deeper
 * is checked by the client that reads the run. Throws `UnreadableRun` for what is no run of this schema.
 */
export async function readRunHead(file: FileHandle): Promise<RunHead> {
  const { size } = await file.stat()
  if (size > RUN_MAX_BYTES) throw new UnreadableRun('too-large', { mebibytes: RUN_MAX_BYTES / 1024 / 1024 })
  const top = createTop()
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let offset = 0; offset < size; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, offset)
    if (bytesRead === 0) break
    top.take(chunk.subarray(0, bytesRead), offset)
    offset += bytesRead
  }
  const run = parse(top.text())
  const { schema, startedAt, tier, complete, id } = run
  if (schema !== RUN_SCHEMA) {
    throw new UnreadableRun('other-schema', {
      schema: typeof schema === 'number' ? schema : null,
      reads: RUN_SCHEMA,
    })
  }
  if (!isText(startedAt)) throw new UnreadableRun('not-a-short-text', { member: 'startedAt' })
  if (!isText(tier)) throw new UnreadableRun('not-a-short-text', { member: 'tier' })
  if (typeof complete !== 'boolean') throw new UnreadableRun('not-a-boolean', { member: 'complete' })
  for (const name of LISTS) {
    if (name in run && !Array.isArray(run[name])) throw new UnreadableRun('not-a-list', { member: name })
  }
  for (const name of OBJECTS) {
    if (name in run && !isObject(run[name])) throw new UnreadableRun('not-an-object-member', { member: name })
  }
  return { summary: { startedAt, tier, complete }, id, closesAt: top.closesAt() }
}

function parse(text: string): Record<string, unknown> {
  let run: unknown
  try {
    run = JSON.parse(text)
  } catch {
    throw new UnreadableRun('not-json')
  }
  if (!isObject(run)) throw new UnreadableRun('not-an-object')
  return run
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT_MAX
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** How a byte outside strings changes the depth. */
const DEEPER = new Int8Array(256)
for (const byte of Buffer.from('{[')) DEEPER[byte] = 1
for (const byte of Buffer.from('}]')) DEEPER[byte] = -1

/** The top of a JSON text: `{"a":1,"b":[]}` is left of `{"a":1,"b":[2,{"c":3}]}`. */
function createTop() {
  const kept: Buffer[] = []
  let keptBytes = 0
  let closedAt = 0
  let depth = 0
  let inString = false
  let escaped = false

  return {
    take,
    text: () => Buffer.concat(kept).toString(),
    closesAt: () => closedAt,
  }

  /** `offset` is where in the text `bytes` begin. */
  function take(bytes: Buffer, offset: number): void {
    let keepFrom = depth <= 1 ? 0 : -1
    for (let index = 0; index < bytes.length; index += 1) {
      const byte = bytes[index] as number
      if (inString) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
        continue
      }
      if (byte === QUOTE) inString = true
      const deeper = DEEPER[byte] as number
      if (deeper === 0) continue
      depth += deeper
      if (deeper === 1 && depth === 2) {
        keep(bytes.subarray(keepFrom, index + 1))
        keepFrom = -1
      } else if (deeper === -1 && depth === 1) {
        keepFrom = index
      } else if (depth === 0) {
        closedAt = offset + index
      }
    }
    if (keepFrom >= 0) keep(bytes.subarray(keepFrom))
  }

  /** A copy: the chunk is read into again. */
  function keep(part: Buffer): void {
    keptBytes += part.length
    if (keptBytes > TOP_MAX_BYTES) throw new UnreadableRun('too-much-at-top')
    kept.push(Buffer.from(part))
  }
}
