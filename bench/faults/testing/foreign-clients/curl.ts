import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import type { Batch } from '../../../../server/protocol/wire.ts'
import type { Asking, ForeignClient } from './foreign-client.ts'

const NO_CURL =
  spawnSync('curl', ['--version']).status === 0
    ? null
    : 'No curl was found, so it is not tested: apt-get install curl.'

/** Between two asks, and before the next try: a process is started for each. */
const PAUSE_MS = 50

/** One curl after the other, each with the cursor of what the one before was told. */
export const CURL: readonly ForeignClient[] = ['1.0', '1.1'].flatMap(version => [
  {
    name: `curl, HTTP/${version}: poll`,
    missing: NO_CURL,
    read: asking => loop(asking, version, pollOnce('/poll?cursor=')),
  },
  {
    name: `curl, HTTP/${version}: long-poll`,
    missing: NO_CURL,
    read: asking => loop(asking, version, pollOnce('/long-poll?wait=5&cursor=')),
  },
  { name: `curl, HTTP/${version}: sse`, missing: NO_CURL, read: asking => loop(asking, version, streamOnce) },
])

/** Runs one curl to its end, and resolves to the cursor from which the next one goes on. */
type Once = (asking: Asking, curl: (args: readonly string[]) => ChildProcess) => Promise<string>

function loop(asking: Asking, version: string, once: Once): () => Promise<void> {
  let stopped = false
  let child: ChildProcess | null = null
  const running = (async () => {
    for (let { cursor } = asking; !stopped; await delay(PAUSE_MS))
      cursor = await once({ ...asking, cursor }, curl)
  })()
  return async () => {
    stopped = true
    child?.kill()
    await running
  }

  function curl(args: readonly string[]): ChildProcess {
    child = spawn('curl', ['--silent', '--fail', `--http${version}`, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return child
  }
}

function pollOnce(path: string): Once {
  return async ({ origin, cursor, tell }, curl) => {
    const child = curl([`${origin}${path}${cursor}`])
    let body = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    const [code] = await once(child, 'close')
    if (code !== 0) {
      tell(JSON.stringify({ cut: `curl ended with ${code}` }))
      return cursor
    }
    tell(body)
    return (JSON.parse(body) as Batch).cursor
  }
}

async function streamOnce({ origin, cursor, tell }: Asking, curl: Parameters<Once>[1]): Promise<string> {
  const child = curl(['--no-buffer', '--header', `Last-Event-ID: ${cursor}`, `${origin}/sse`])
  let place = cursor
  const parser = createParser({
    onEvent({ id = place, event = 'message', data }) {
      place = id
      tell(JSON.stringify({ id, event, data: JSON.parse(data) }))
    },
  })
  child.stdout?.setEncoding('utf8').on('data', chunk => parser.feed(chunk))
  const [code] = await once(child, 'close')
  tell(JSON.stringify({ cut: `curl ended with ${code}` }))
  return place
}
