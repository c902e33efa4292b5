import { readFileSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseExact } from '../exact-json.ts'
import { dataText, PublishRefusal } from '../log/event-log.ts'
import { projectRoot } from '../project-root.ts'
import { CONTROLS, EVENT_TYPE } from '../protocol/wire.ts'
import { type Draft, type Feed, SourceError } from './feed.ts'
import { readText } from './text.ts'

/** A real week of earthquakes, 31 January to 7 February 2018 (USGS, public domain). */
export function shippedRecord(): string {
  return join(projectRoot(), 'server/sources/earthquakes.ndjson')
}

/**
 * Replays a record, which is NDJSON of `{"time": epoch ms, "type", "data"}` in time order, over and over. Throws
 * `SourceError`, which names the line that does not have this form.
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

/** In the record's time. Without it, a record of one instant would be replayed for ever in that instant. */
const BETWEEN_ROUNDS_MS = 60_000

function readRecord(file: string): Draft[] {
  const drafts: Draft[] = []
  let lastTime: number | null = null
  for (const [index, line] of readLines(file).entries()) {
    if (line.trim() === '') continue
    const record = readLine(line, `${file}, line ${index + 1}`)
    if (lastTime !== null && record.time < lastTime) {
      throw new SourceError(
        `${file}, line ${index + 1}: sort the lines by time; this one is earlier than the one before.`,
      )
    }
    drafts.push({
      type: record.type,
      data: record.data,
      afterMs: lastTime === null ? 0 : record.time - lastTime,
    })
    lastTime = record.time
  }
  if (drafts.length === 0) throw new SourceError(`${file} has no events: name a file with at least one line.`)
  return drafts
}

/** Reads a regular file only: a pipe might never end, and a device has no end. */
function readLines(file: string): string[] {
  const read = readText(readWhole(file))
  if ('fault' in read) throw new SourceError(`${file} is ${read.fault}.`)
  return read.text.split('\n')
}

function readWhole(file: string): Buffer {
  let stat: Stats
  try {
    stat = statSync(file)
    if (stat.isFile() && stat.size <= FILE_MAX_BYTES) return readFileSync(file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new SourceError(`Cannot read ${file} (${code ?? 'unknown error'}): name an NDJSON file.`)
  }
  if (stat.isFile()) throw new SourceError(`${file} is too large: name a file of at most 256 MiB.`)
  throw new SourceError(`${file} is not a regular file: name one, or pipe events into --source stdin.`)
}

const FILE_MAX_BYTES = 256 * 1024 * 1024

function readLine(line: string, where: string): { time: number; type: string; data: unknown } {
  const form = 'write {"time": epoch milliseconds, "type": …, "data": …} as JSON'
  let record: Record<string, unknown>
  try {
    record = parseExact(line) as Record<string, unknown>
  } catch (error) {
    if (error instanceof PublishRefusal) throw new SourceError(`${where}: ${error.message}`)
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
  try {
    dataText(data)
  } catch (error) {
    if (error instanceof PublishRefusal) throw new SourceError(`${where}: data is refused. ${error.message}`)
    throw error
  }
  return { time, type, data }
}
