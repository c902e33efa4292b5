import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { printedAddress } from '../../../bench/processes/printed-address.ts'

/** The built server as a child process, as a user starts it. */
export interface LabProcess {
  /** The page's address, without a trailing slash. */
  readonly address: string
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../../../dist/server/main.js', import.meta.url))

/** Starts the lab and waits for the line with its address. */
export async function startLab(...options: readonly string[]): Promise<LabProcess> {
  if (!existsSync(MAIN)) throw new Error('There is no dist/server/main.js: run "npm run build" first.')
  const child = spawnServer(options)
  const address = await printedAddress(child, 'the server')
  return {
    address,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

function spawnServer(options: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
}
