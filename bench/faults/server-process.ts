import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Stats } from '../../server/protocol/api.ts'
import { askAlone } from './commands.ts'
import type { Measurement, ProbeQuestion } from './probe.ts'

/** The built server as a process of its own, that can be hurt from outside by signals and from within by its probe. */
export interface ServerProcess {
  readonly origin: string
  readonly port: number
  /** The lanes' origin; the server's own where it has no link. */
  readonly linkOrigin: string
  readonly child: ChildProcess
  /** Its exit code; `null` after a signal that it could not answer. */
  readonly exited: Promise<number | null>
  /** Blocks its event loop for so long. */
  block(ms: number): void
  /** Memory after garbage collection. */
  measure(): Promise<Measurement>
  stats(): Promise<Stats>
  /** Publishes by HTTP; `null` if no answer came. */
  append(data: unknown): Promise<string | null>
  kill(signal?: NodeJS.Signals): Promise<number | null>
}

export interface ServerProcessOptions {
  readonly port?: number
  /** What differs from the server's own policy; sent as `--policy`. */
  readonly policy?: object
  readonly args?: readonly string[]
  /** What commands must carry; given to the server, and carried by `append`. */
  readonly token?: string
  /** The most file descriptors that it may have. */
  readonly descriptors?: number
}

/** The project's root, from here and from where this is compiled to. */
const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = HERE.replace(/(dist\/)?bench\/faults\/$/, '')
const MAIN = join(ROOT, 'dist/server/main.js')
const PROBE = join(ROOT, 'dist/bench/faults/probe.js')

export async function startServerProcess(options: ServerProcessOptions = {}): Promise<ServerProcess> {
  const port = options.port ?? (await quietPort())
  const args = [
    ...['--expose-gc', '--import', PROBE, MAIN],
    ...['--port', String(port), '--link-port', 'off', '--source', 'none'],
    ...['--policy', JSON.stringify(options.policy ?? {})],
    ...(options.token === undefined ? [] : ['--token', options.token]),
    ...(options.args ?? []),
  ]
  const authorization = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }
  const child =
    options.descriptors === undefined
      ? spawn(process.execPath, args, { stdio: STDIO })
      : spawn('sh', ['-c', `ulimit -n ${options.descriptors} && exec "$0" "$@"`, process.execPath, ...args], {
          stdio: STDIO,
        })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const origin = await printedAddress(child, exited)
  const { link } = (await askAlone(origin, '/api/health')) as { link: { port: number } | null }

  return {
    origin,
    port,
    linkOrigin: link === null ? origin : `http://127.0.0.1:${link.port}`,
    child,
    exited,
    block: ms => ask({ block: ms }),
    async measure() {
      const answered = once(child, 'message')
      ask({ measure: true })
      const [measurement] = await answered
      return measurement as Measurement
    },
    async stats() {
      return (await askAlone(origin, '/api/stats')) as Stats
    },
    append,
    async kill(signal = 'SIGKILL') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return exited
    },
  }

  function ask(question: ProbeQuestion): void {
    child.send(question)
  }

  async function append(data: unknown): Promise<string | null> {
    try {
      const answer = await fetch(`${origin}/api/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization },
        body: JSON.stringify({ type: 'test', data }),
      })
      const { cursor } = (await answer.json()) as { cursor?: string }
      return cursor ?? null
    } catch {
      return null
    }
  }
}

const STDIO: ('ignore' | 'pipe' | 'ipc')[] = ['ignore', 'pipe', 'pipe', 'ipc']

function printedAddress(child: ChildProcess, exited: Promise<number | null>): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const read = (chunk: Buffer) => {
      printed += chunk.toString()
      const address = /^(http:\/\/\S+)$/m.exec(printed)?.[1]
      if (address !== undefined) resolve(address)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', reject)
    exited.then(code =>
      reject(new Error(`The server ended with ${code} before it listened (is it built?): ${printed}`)),
    )
  })
}

/**
 * A free port below those from which the kernel draws for outgoing connections. Whoever tries again and again to reach
 * a server that is down, on a port of that range, sooner or later draws that very port and connects to itself.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    const free = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    await new Promise(resolve => server.close(resolve))
    return port
  }
}
