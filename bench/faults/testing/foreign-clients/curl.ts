import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import { TECHNIQUES } from '../../../../server/protocol/techniques.ts'
import type { Batch } from '../../../../server/protocol/wire.ts'
import { type ForeignClient, type Format, type ReadOptions, readingMethod } from './foreign-client.ts'
import { cursorAfterFrame } from './standard-readers.ts'

const NO_CURL =
  spawnSync('curl', ['--version']).status === 0
    ? null
    : 'curl is not tested, because it was not found: apt-get install curl.'

/** Before the next request or attempt: each of them starts a process. */
const PAUSE_MS = 50

/** One curl after the other, each with the cursor at which the one before ended: it reads all that is plain HTTP. */
export const CURL: readonly ForeignClient[] = ['1.0', '1.1'].flatMap(version =>
  TECHNIQUES.flatMap(technique => {
    const { format, path } = readingMethod(technique, PAUSE_MS)
    return format === 'frames'
      ? []
      : {
          name: `curl, HTTP/${version}: ${technique}`,
          missing: NO_CURL,
          read: (options: ReadOptions) => repeat({ ...options, path }, version, format),
        }
  }),
)

type HttpFormat = Exclude<Format, 'frames'>
type OnceOptions = ReadOptions & { readonly path: string }
type Curl = (...args: readonly string[]) => ChildProcess

function repeat(options: OnceOptions, version: string, format: HttpFormat): () => Promise<void> {
  let stopped = false
  let child: ChildProcess | null = null
  const running = (async () => {
    for (let { cursor } = options; !stopped; await delay(PAUSE_MS))
      cursor = await READ_ONCE[format]({ ...options, cursor }, curl)
  })()
  return async () => {
    stopped = true
    child?.kill()
    await running
  }

  function curl(...args: readonly string[]): ChildProcess {
    child = spawn('curl', ['--silent', '--fail', '--no-buffer', `--http${version}`, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return child
  }
}

/** Runs one curl to its end, and resolves to the cursor for the next one. */
const READ_ONCE: Readonly<Record<HttpFormat, (options: OnceOptions, curl: Curl) => Promise<string>>> = {
  async 'application/json'({ origin, path, cursor, report }, curl) {
    const child = curl(`${origin}${path}${cursor}`)
    let body = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    const [code] = await once(child, 'close')
    if (code !== 0) {
      report(JSON.stringify({ cut: `curl ended with ${code}` }))
      return cursor
    }
    report(body)
    return (JSON.parse(body) as Batch).cursor
  },

  async 'text/event-stream'({ origin, path, cursor, report }, curl) {
    const child = curl('--header', `Last-Event-ID: ${cursor}`, `${origin}${path}`)
    let last = cursor
    const parser = createParser({
      onEvent({ id = last, event = 'message', data }) {
        last = id
        report(JSON.stringify({ id, event, data: JSON.parse(data) }))
      },
    })
    child.stdout?.setEncoding('utf8').on('data', chunk => parser.feed(chunk))
    const [code] = await once(child, 'close')
    report(JSON.stringify({ cut: `curl ended with ${code}` }))
    return last
  },

  async 'application/x-ndjson'({ origin, path, cursor, report }, curl) {
    const child = curl(`${origin}${path}${cursor}`)
    let last = cursor
    let rest = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      // Without its line end it may be half a line, now and when the connection is cut.
      rest = lines.pop() ?? ''
      for (const line of lines) {
        last = cursorAfterFrame(last, line)
        report(line)
      }
    })
    const [code] = await once(child, 'close')
    report(JSON.stringify({ cut: `curl ended with ${code}` }))
    return last
  },
}
