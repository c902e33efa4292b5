import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../project-root.ts'
import { CONTROLS, DATA_MAX_BYTES, EVENT_TYPE } from '../protocol.ts'
import { type Draft, type Feed, SourceError } from './feed.ts'

/** A real week of earthquakes, 31 January to 7 February 2018 (USGS, public domain). */
export function shippedRecord(): string {
  return join(projectRoot(), 'server/sources/earthquakes.ndjson')
}

/**
 * Replays a record, NDJSON of `{"time": epoch ms, "type", "data"}` in time order, from the first line to the last and
 * from the first again. Throws `SourceError` naming the line that is not of this form.
 */
export function replayFeed(file: string): Feed {
  const drafts = readRecord(file)
  let round = drafts.values()

  return () => {
    const drawn = round.next()
    if (!drawn.done) return drawn.value
    round = drafts.values()
    return { ...round.next().value, afterMs: BETWEEN_ROUNDS_MS } as Draft
  }
}

/** By the record's clock. Without it, a record of one instant would be replayed for ever in that instant. */
const BETWEEN_ROUNDS_MS = 60_000

function readRecord(file: string): Draft[] {
  const drafts: Draft[] = []
  let lastTime: number | null = null
  for (const [index, line] of readLines(file).entries()) {
    if (line.trim() === '') continue
    const record = readLine(line, `${file}, line ${index + 1}`)
    if (lastTime !== null && record.time < lastTime) {
      throw new SourceError(
        `${file}, line ${index + 1}: sort the lines by time, this one is earlier than the one before.`,
      )
    }
    drafts.push({
      type: record.type,
      data: record.data,
      afterMs: lastTime === null ? 0 : record.time - lastTime,
    })
    lastTime = record.time
  }
  if (drafts.length === 0)
    throw new SourceError(`${file} holds no event: give a file with at least one line.`)
  return drafts
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new SourceError(
      `Cannot read ${file} (${code ?? 'unknown error'}): give the path of an NDJSON file.`,
    )
  }
}

function readLine(line: string, where: string): { time: number; type: string; data: unknown } {
  const form = 'write {"time": epoch milliseconds, "type": …, "data": …} as JSON'
  let record: Record<string, unknown>
  try {
    record = JSON.parse(line)
  } catch {
    throw new SourceError(`${where}: ${form}; this is not JSON.`)
  }
  const { time, type, data } = record ?? {}
  if (typeof time !== 'number' || typeof type !== 'string' || data === undefined)
    throw new SourceError(`${where}: ${form}.`)
  if (!EVENT_TYPE.test(type) || (CONTROLS as readonly string[]).includes(type)) {
    throw new SourceError(
      `${where}: choose another type (lower-case letters, digits and hyphens, none of ${CONTROLS.join(', ')}).`,
    )
  }
  if (Buffer.byteLength(JSON.stringify(data)) > DATA_MAX_BYTES) {
    throw new SourceError(`${where}: data may have at most ${DATA_MAX_BYTES} bytes.`)
  }
  return { time, type, data }
}
