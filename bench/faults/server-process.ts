import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Health, Stats } from '../../server/protocol/api.ts'
import { printedAddress } from '../processes/printed-address.ts'
import { findProjectRoot } from '../project-root.ts'
import { requestApi } from './api-client.ts'
import type { Measurement, ProbeCommand } from './probe.ts'

/** The compiled server in a process of its own: signals hurt it from outside, its probe from within. */
export interface ServerProcess {
  /** Its address as it prints it, without a slash at the end. */
  readonly origin: string
  readonly port: number
  readonly child: ChildProcess
  /** The address of its link; its own address if it has none. */
  linkOrigin(): Promise<string>
  /** Blocks its event loop for so long. */
  block(ms: number): void
  /** Its memory after garbage collection. */
  measure(): Promise<Measurement>
  stats(): Promise<Stats>
  /** Publishes by HTTP; resolves to the event's cursor, or to `null` if no answer came. */
  append(data: unknown): Promise<string | null>
  /** Sends the signal, if it is running, and resolves to its exit code; `null` if the signal ended it at once. */
  kill(signal?: NodeJS.Signals): Promise<number | null>
}

export interface ServerProcessOptions {
  /** A quiet port by default, so that it can be started on the same port again. */
  readonly port?: number
  /** Further options of the command line. */
  readonly args?: readonly string[]
  /** Figures that differ from the server's own policy. */
  readonly policy?: object
  /** The control token, which `append` then sends. */
  readonly token?: string
  /** Variables in addition to this process's own. */
  readonly env?: Readonly<Record<string, string>>
  /** `pipe` to write to it through `child.stdin`; by default it has none. */
  readonly stdin?: 'ignore' | 'pipe'
  /** The most file descriptors that it may have. */
  readonly descriptors?: number
  /** A command that runs the rest of its command line as it is: `['ip', 'netns', 'exec', name]`. */
  readonly runner?: readonly string[]
}

/** Options of a server that publishes nothing by itself and has no link. */
export const SILENT_SERVER = ['--source', 'none', '--link-port', 'off']

const DIST = join(findProjectRoot(), 'dist')
const MAIN = join(DIST, 'server/main.js')
const PROBE = join(DIST, 'bench/faults/probe.js')

/** Starts the compiled server with the given options and no others. Resolves when it has printed its address. */
export async function startServerProcess(options: ServerProcessOptions = {}): Promise<ServerProcess> {
  if (!existsSync(MAIN)) throw new Error('There is no dist/server/main.js: run "npm run build" first.')
  const { policy, token, stdin = 'ignore' } = options
  const [command = '', ...args] = [
    ...(options.runner ?? []),
    ...(options.descriptors === undefined ? [] : limitedTo(options.descriptors)),
    ...[process.execPath, '--expose-gc', '--import', PROBE, MAIN],
    ...['--port', String(options.port ?? (await quietPort()))],
    ...(policy === undefined ? [] : ['--policy', JSON.stringify(policy)]),
    ...(token === undefined ? [] : ['--token', token]),
    ...(options.args ?? []),
  ]
  const child = spawn(command, args, {
    stdio: [stdin, 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...options.env },
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const origin = await printedAddress(child, 'the server').catch(error => {
    child.kill('SIGKILL')
    throw error
  })

  return {
    origin,
    port: Number(new URL(origin).port),
    child,
    async linkOrigin() {
      const { link } = (await requestApi(origin, '/api/health')) as Health
      return link === null ? origin : `http://${new URL(origin).hostname}:${link.port}`
    },
    block: ms => send({ block: ms }),
    async measure() {
      const measured = once(child, 'message')
      send({ measure: true })
      const [measurement] = await measured
      return measurement as Measurement
    },
    stats: async () => (await requestApi(origin, '/api/stats')) as Stats,
    append,
    async kill(signal = 'SIGKILL') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return exited
    },
  }

  function send(probeCommand: ProbeCommand): void {
    child.send(probeCommand)
  }

  async function append(data: unknown): Promise<string | null> {
    try {
      const response = await fetch(`${origin}/api/events`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ type: 'test', data }),
      })
      const { cursor } = (await response.json()) as { cursor?: string }
      return cursor ?? null
    } catch {
      return null
    }
  }
}

function limitedTo(descriptors: number): readonly string[] {
  return ['sh', '-c', `ulimit -n ${descriptors} && exec "$0" "$@"`]
}

/**
 * A free port below the range from which the kernel draws ports for outgoing connections. A client that keeps trying to
 * reach a server that is down, on a port of that range, sooner or later draws that very port and connects to itself.
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
