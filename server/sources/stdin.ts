import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { EventLog } from '../event-log.ts'

/**
 * Publishes each line of `input`, one JSON value, as an event of type `line` at the moment it is read. A line that is
 * not JSON, or too long, is skipped; `complain` hears of the first one at once and of their number at the end.
 * Returns what ends it.
 */
export function publishLines(
  input: Readable,
  log: EventLog,
  complain: (sentence: string) => void,
): () => void {
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  let read = 0
  let skipped = 0

  lines.on('line', line => {
    read += 1
    const number = read
    if (line.trim() !== '') publish(line).catch(error => skip(number, error))
  })
  lines.once('close', () => {
    if (skipped > 1) complain(`stdin: ${skipped} of ${read} lines were skipped.`)
  })
  return () => lines.close()

  async function publish(line: string): Promise<void> {
    await log.append('line', JSON.parse(line))
  }

  function skip(number: number, error: Error): void {
    skipped += 1
    if (skipped > 1) return
    const why = error instanceof SyntaxError ? 'it is not JSON' : error.message
    complain(`stdin, line ${number}: skipped, ${why}. Further such lines are counted, not reported.`)
  }
}
