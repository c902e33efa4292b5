import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { findProjectRoot } from '../project-root.ts'
import type { ProbeCommands } from '../subjects/probe.ts'
import { pinned } from './pinning.ts'
import { type Call, type Commands, createCaller } from './rpc.ts'

export interface Child<C extends Commands> {
  readonly process: ChildProcess
  readonly call: Call<C & ProbeCommands>
  /** Kills it: nothing that it would do while closing is measured. */
  stop(): Promise<void>
}

export interface ChildOptions {
  /** For error messages. */
  readonly name: string
  /** A compiled file, relative to the compiled bench, e.g. `../server/main.js`. */
  readonly entry: string
  readonly args?: readonly string[]
  /** Further modules to preload, as file URLs: the tests of the bench inject faults into what it measures. */
  readonly injectedFaults?: readonly string[]
  readonly core: number | null
  /** Kills the process when the run is aborted. */
  readonly signal: AbortSignal
}

/** Users run compiled files, so those are measured, even by a test that runs the bench from its sources. */
export const COMPILED_BENCH = pathToFileURL(join(findProjectRoot(), 'dist/bench/'))

/** Opening ten thousand connections is one call. */
const CALL_DEADLINE_MS = 120_000
/** Options of the server, and what changes Node itself. */
const CHANGES_WHAT_IS_MEASURED = /^(?:PUSHLAB_.*|HOST|PORT|NODE_.*|UV_.*)$/i

/** Starts a fresh Node process with the probe preloaded. It ends with the bench, whose end closes the IPC channel. */
export function startChild<C extends Commands>(options: ChildOptions): Child<C> {
  const { name, signal } = options
  const [command = '', ...args] = pinned(options.core, [
    process.execPath,
    '--expose-gc',
    '--import',
    new URL('./subjects/probe.js', COMPILED_BENCH).href,
    ...(options.injectedFaults ?? []).flatMap(module => ['--import', module]),
    fileURLToPath(new URL(options.entry, COMPILED_BENCH)),
    ...(options.args ?? []),
  ])
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: environment() })
  const exited = once(child, 'exit')
  // A pipe that is full stops the process that writes to it.
  child.stdout?.resume()
  child.stderr?.resume()
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  if (signal.aborted) kill()
  exited.then(() => signal.removeEventListener('abort', kill))

  return { process: child, call: createCaller(child, name, CALL_DEADLINE_MS), stop }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    kill()
    await exited
  }
}

/** The bench's own, without what would change a measurement and is recorded in no run. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !CHANGES_WHAT_IS_MEASURED.test(name)),
  )
}
