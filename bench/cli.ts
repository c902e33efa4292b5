/** The command line of the bench: options in, a folder in `results/` out. */
import { join } from 'node:path'
import { factSentence } from '../client/run/text/en.ts'
import type { BenchRun } from './judge/result.ts'
import { type BenchOptions, parseOptions } from './options.ts'
import { findProjectRoot } from './project-root.ts'
import { demandWritable, OutError } from './report/out-folder.ts'
import { writeRun } from './report/write-run.ts'
import { runBench } from './run.ts'
import { NothingToRun } from './scenarios/choose.ts'
import { RemoteError } from './subjects/remote.ts'

const EXIT = { ok: 0, nothingMeasured: 1, badUsage: 2, brokenOff: 130 } as const

/** Returns the exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args)
  if ('exitCode' in parsed) {
    process.stdout.write(parsed.stdout)
    process.stderr.write(parsed.stderr)
    return parsed.exitCode
  }
  const { options } = parsed
  const controller = new AbortController()
  const breakOff = () => controller.abort()
  // `on`, not `once`: one Ctrl-C can arrive twice, from the terminal and from npm, and the run must still be written.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, breakOff)
  const parent = options.out ?? join(findProjectRoot(), 'results')
  const run = await measure(parent, options, controller.signal).catch(complain)
  if (run === null) return EXIT.badUsage
  const folder = await writeRun(run, parent)
  if (options.json) process.stderr.write(`${folder}\n`)
  process.stdout.write(`${options.json ? JSON.stringify(run) : folder}\n`)
  if (controller.signal.aborted) return EXIT.brokenOff
  return run.summary.some(({ value }) => value !== null) ? EXIT.ok : EXIT.nothingMeasured
}

async function measure(parent: string, options: BenchOptions, signal: AbortSignal): Promise<BenchRun> {
  demandWritable(parent)
  return runBench(options, process.stderr, signal)
}

/** A folder that cannot be written, nothing to run and a server that cannot be measured are bad usage; all else is a bug. */
function complain(error: unknown): null {
  process.stderr.write(`error: ${usageError(error)}\n`)
  return null
}

function usageError(error: unknown): string {
  if (error instanceof NothingToRun) {
    return ['Nothing is left to run.', ...error.skipped.map(factSentence)].join(' ')
  }
  if (error instanceof OutError || error instanceof RemoteError) return error.message
  throw error
}
