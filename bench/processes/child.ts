import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { findProjectRoot } from '../project-root.ts'
import type { ProbeCommands } from '../subjects/probe.ts'
import { pinned } from './pinning.ts'
import { type Ask, type Commands, createAsk } from './rpc.ts'

export interface Child<C extends Commands> {
  readonly ask: Ask<C & ProbeCommands>
  /** The first line on stdout that matches. Rejects when the process ends before it. */
  line(pattern: RegExp): Promise<string>
  /** Ends it at once: nothing that it would do in closing is measured. */
  stop(): Promise<void>
}

export interface ChildOptions {
  /** For error messages. */
  readonly name: string
  /** A compiled file, relative to the compiled bench, e.g. `../server/main.js`. */
  readonly entry: string
  readonly args?: readonly string[]
  /** Further modules to preload, as addresses: what the tests of the bench injectedFault into what it measures. */
  readonly injectedFaults?: readonly string[]
  readonly core: number | null
  /** Ends the process at once when the run is broken off. */
  readonly signal: AbortSignal
}

/** What is measured is what users start, also where the bench itself runs from its sources, in a test. */
export const COMPILED_BENCH = pathToFileURL(join(findProjectRoot(), 'dist/bench/'))

/** Opening ten thousand connections is one answer. */
const ANSWER_DEADLINE_MS = 120_000
const START_DEADLINE_MS = 15_000
const STDERR_KEPT_CHARACTERS = 2_000
/** What the server takes for options, and what changes Node itself. */
const CHANGES_WHAT_IS_MEASURED = /^(?:PUSHLAB_.*|HOST|PORT|NODE_.*|UV_.*)$/i

/** Starts a fresh Node process with the probe preloaded. It ends when the bench does: its IPC channel closes. */
export function startChild<C extends Commands>(options: ChildOptions): Child<C> {
  const { name, signal } = options
  const [command = '', ...args] = pinned(options.core, [
    process.execPath,
    '--expose-gc',
    '--import',
    new URL('./subjects/probe.js', COMPILED_BENCH).href,
    ...(options.injectedFaults ?? []).flatMap(injectedFault => ['--import', injectedFault]),
    fileURLToPath(new URL(options.entry, COMPILED_BENCH)),
    ...(options.args ?? []),
  ])
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: environment() })
  const exited = once(child, 'exit')
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', text => {
    stderr = (stderr + text).slice(-STDERR_KEPT_CHARACTERS)
  })
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  if (signal.aborted) kill()
  exited.then(() => signal.removeEventListener('abort', kill))

  return { ask: createAsk<C & ProbeCommands>(child, name, ANSWER_DEADLINE_MS), line, stop }

  function line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`${name} did not start`)), START_DEADLINE_MS)
      const look = () => {
        const found = stdout
          .split('\n')
          .slice(0, -1)
          .find(text => pattern.test(text))
        if (found === undefined) return
        clearTimeout(deadline)
        resolve(found)
      }
      child.stdout?.on('data', look)
      look()
      exited.then(() => {
        clearTimeout(deadline)
        reject(new Error(`${name} ended before it was ready: ${stderr.trim() || 'it said nothing'}`))
      })
    })
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    kill()
    await exited
  }
}

/** That of the bench but for what would change what is measured, and stand in no run: options go by the command line. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !CHANGES_WHAT_IS_MEASURED.test(name)),
  )
}
