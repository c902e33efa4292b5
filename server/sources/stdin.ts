import type { Readable } from 'node:stream'
import { parseExact } from '../exact-json.ts'
import type { EventLog } from '../log/event-log.ts'
import { DATA_MAX_BYTES } from '../protocol/wire.ts'
import { createBoundedLines } from './bounded-lines.ts'
import { readText } from './text.ts'

/** The largest data fits, even if each of its characters is escaped. */
const LINE_MAX_BYTES = 8 * DATA_MAX_BYTES

/** The most lines that are read in one turn of the event loop, so that other work gets its turn. */
const LINES_PER_TURN = 1000

/** A stream whose lines are being published. */
export interface Lines {
  /** The stream has ended and all of its lines were read. */
  readonly ended: boolean
  /** Stops publishing and reading. The writer at the other end of the pipe has to wait, and nothing is lost. */
  pause(): void
  resume(): void
  close(): void
}

export interface LinesListener {
  /** Called at once for the first line that is skipped, at the end with their number, and if the stream cannot be read. */
  complain(sentence: string): void
  /** The stream has ended, after so many lines. */
  ended(read: number): void
}

/**
 * Publishes each line of `input`, a JSON value in UTF-8, as an event of type `line` when it is read. A line that is not
 * JSON, or is too long, is skipped. Starts when it is resumed.
 */
export function publishLines(input: Readable, log: EventLog, listener: LinesListener): Lines {
  const lines = createBoundedLines(LINE_MAX_BYTES)
  let read = 0
  let skipped = 0
  let over = false
  let ended = false
  let paused = true
  /** The lines of the last chunk that are not taken yet. While there are some, the input is paused. */
  let waiting: Generator<Buffer | null, undefined> | null = null
  let turn: NodeJS.Immediate | null = null
  input.on('data', push)
  input.once('end', end)
  input.once('close', end)
  input.on('error', fail)
  input.pause()

  return {
    get ended() {
      return ended
    },
    pause,
    resume,
    close() {
      input.off('data', push)
      input.off('end', end)
      input.off('close', end)
      pause()
    },
  }

  function pause(): void {
    paused = true
    input.pause()
    if (turn !== null) clearImmediate(turn)
    turn = null
  }

  function resume(): void {
    paused = false
    if (waiting === null) input.resume()
    else turn ??= setImmediate(work)
  }

  function push(chunk: Buffer | string): void {
    input.pause()
    waiting = lines.split(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    work()
  }

  function work(): void {
    turn = null
    for (let count = 0; count < LINES_PER_TURN; count += 1) {
      const next = waiting?.next()
      if (next === undefined || next.done === true) {
        waiting = null
        if (over) finish()
        else if (!paused) input.resume()
        return
      }
      take(next.value)
    }
    turn = setImmediate(work)
  }

  function take(bytes: Buffer | null): void {
    read += 1
    if (bytes === null) skip(read, `it has more than ${LINE_MAX_BYTES} bytes`)
    else publish(read, bytes)
  }

  function publish(number: number, bytes: Buffer): void {
    const line = readText(bytes)
    if ('fault' in line) skip(number, `it is ${line.fault}`)
    else if (line.text.trim() !== '') append(line.text).catch(error => skip(number, whyNot(error)))
  }

  async function append(text: string): Promise<void> {
    await log.append('line', parseExact(text))
  }

  function skip(number: number, why: string): void {
    skipped += 1
    if (skipped > 1) return
    listener.complain(`stdin, line ${number}: skipped, ${why}. Further such lines are counted, not reported.`)
  }

  function fail(error: NodeJS.ErrnoException): void {
    if (!over) listener.complain(`stdin cannot be read (${error.code ?? 'unknown error'}).`)
    end()
  }

  function end(): void {
    over = true
    if (waiting === null) finish()
  }

  function finish(): void {
    if (ended) return
    ended = true
    for (const line of lines.rest()) take(line)
    // The last line may be skipped only after this turn.
    setImmediate(() => {
      if (skipped > 1) listener.complain(`stdin: ${skipped} of ${read} lines were skipped.`)
      listener.ended(read)
    })
  }
}

function whyNot(error: Error): string {
  return error instanceof SyntaxError ? 'it is not JSON' : error.message.replace(/\.$/, '')
}
