import type { FileHandle } from 'node:fs/promises'
import type { RefusalParams } from '../protocol/api.ts'
import type { RunSummary } from '../protocol/run.ts'

/** What the list of runs says about one, and what it takes to send the whole run. */
export interface RunHead {
  readonly summary: Omit<RunSummary, 'id'>
  /** The `id` in the file; undefined if there is none. */
  readonly id: unknown
  /** Offset of the brace that closes the file's object. */
  readonly closesAt: number
}

/** Why a run cannot be read, as a code. `bad-field` and `too-large` come with what they are about. */
type UnreadableReason =
  | 'too-large'
  | 'no-json'
  | 'no-object'
  | 'bad-field'
  | 'too-many-fields'
  | 'no-regular-file'
  | 'being-written'

/** `message` is a sentence that says why a run cannot be read; it repeats nothing of the file. */
export class UnreadableRun extends Error {
  readonly params: RefusalParams

  constructor(reason: UnreadableReason, message: string, params: RefusalParams = {}) {
    super(message)
    this.params = { reason, ...params }
  }
}

/** The page holds a whole run in memory. */
const RUN_MAX_MIB = 64
/** The top level of a run has names, short texts and numbers. */
const TOP_MAX_BYTES = 16 * 1024
const TEXT_MAX = 100
const CHUNK_BYTES = 64 * 1024

const LISTS = ['caveats', 'summary', 'comparisons', 'bands', 'trials']
const OBJECTS = ['provenance', 'questions']

/**
 * Reads a `run.json` in chunks, with turns of the event loop between them, and keeps only its top level; the page checks
 * what is nested deeper. Throws `UnreadableRun` for a file that is not a run.
 */
export async function readRunHead(file: FileHandle): Promise<RunHead> {
  const { size } = await file.stat()
  if (size > RUN_MAX_MIB * 1024 * 1024) {
    throw new UnreadableRun('too-large', `It is larger than ${RUN_MAX_MIB} MiB.`, { maxMiB: RUN_MAX_MIB })
  }
  const top = createTop()
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let offset = 0; offset < size; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, offset)
    if (bytesRead === 0) break
    top.take(chunk.subarray(0, bytesRead), offset)
    offset += bytesRead
  }
  const run = parse(top.text())
  const { startedAt, tier, complete, id } = run
  if (!isText(startedAt)) throw badField('startedAt', 'a short text')
  if (!isText(tier)) throw badField('tier', 'a short text')
  if (typeof complete !== 'boolean') throw badField('complete', 'true or false')
  for (const name of LISTS) {
    if (name in run && !Array.isArray(run[name])) throw badField(name, 'a list')
  }
  for (const name of OBJECTS) {
    if (name in run && !isObject(run[name])) throw badField(name, 'an object')
  }
  return { summary: { startedAt, tier, complete }, id, closesAt: top.closesAt() }
}

function badField(name: string, expected: string): UnreadableRun {
  return new UnreadableRun('bad-field', `Its ${name} is not ${expected}.`, { name, expected })
}

function parse(text: string): Record<string, unknown> {
  let run: unknown
  try {
    run = JSON.parse(text)
  } catch {
    throw new UnreadableRun('no-json', 'It is not JSON, or is cut off.')
  }
  if (!isObject(run)) throw new UnreadableRun('no-object', 'It is not a JSON object.')
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
/** How a byte outside strings changes the nesting depth. */
const DEEPER = new Int8Array(256)
for (const byte of Buffer.from('{[')) DEEPER[byte] = 1
for (const byte of Buffer.from('}]')) DEEPER[byte] = -1

/** Keeps only the top level of a JSON text: `{"a":1,"b":[2,{"c":3}]}` becomes `{"a":1,"b":[]}`. */
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

  /** `offset` is where `bytes` begin in the text. */
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

  /** Copies `part`, because the chunk's buffer is used again. */
  function keep(part: Buffer): void {
    keptBytes += part.length
    if (keptBytes > TOP_MAX_BYTES)
      throw new UnreadableRun('too-many-fields', 'Its top level has more than that of a run.')
    kept.push(Buffer.from(part))
  }
}
