import type { Readable } from 'node:stream'
import { parseExact } from '../exact-json.ts'
import type { EventLog } from '../log/event-log.ts'
import { DATA_MAX_BYTES } from '../protocol/wire.ts'
import { createBoundedLines } from './bounded-lines.ts'
import { readText } from './text.ts'

/** Data of the greatest size fits, even if each of its characters is escaped. */
const LINE_MAX_BYTES = 8 * DATA_MAX_BYTES

/** Lines that are read in one turn of the event loop, before everybody else gets theirs. */
const LINES_PER_TURN = 1000

/** The lines of a stream while they are published. */
export interface Lines {
  /** Nothing more will come, and all that came was read. */
  readonly ended: boolean
  /** Publishes and reads no further: whoever writes the other end of the pipe has to wait, and nothing is lost. */
  pause(): void
  resume(): void
  close(): void
}

export interface LinesListener {
  /** Hears of the first line that is skipped at once, of their number at the end, and of a stream that cannot be read. */
  complain(sentence: string): void
  /** Nothing more will come; the lines that were read. */
  ended(read: number): void
}

/**
 * Publishes each line of `input`, one JSON value in UTF-8, as an event of type `line` at the moment it is read. A line
 * that is not JSON, or too long, is skipped. Begins when it is resumed.
 */
export function publishLines(input: Readable, log: EventLog, listener: LinesListener): Lines {
  const lines = createBoundedLines(LINE_MAX_BYTES)
  let read = 0
  let skipped = 0
  let over = false
  let ended = false
  let paused = true
  /** The lines of the last chunk that are still to be taken. While there are some, the input is paused. */
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
