/** `npm run bench:compare A B`: two runs in, a table out. */
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { compareRuns } from '../judge/comparison/compare-runs.ts'
import { findProjectRoot } from '../project-root.ts'
import { findRunFolder, readRun, UnreadableRun } from './read-run.ts'
import { renderComparison } from './terminal.ts'

const BAD_USAGE = 2

export interface Output {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export function runCompareCli(
  args: readonly string[],
  results: string = join(findProjectRoot(), 'results'),
): Output {
  let stdout = ''
  let stderr = ''
  const command = new Command('npm run bench:compare --')
    .description('Sets run B beside run A, by the rules that hold within one run. See results/README.md.')
    .argument('<A>', 'a folder, or the id of a run in results/')
    .argument('<B>', 'the run that is compared with it')
    .option('--json', 'print JSON on stdout instead of tables', false)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: text => {
        stdout += text
      },
      writeErr: text => {
        stderr += text
      },
    })
  try {
    command.parse(args, { from: 'user' })
    const [a, b] = command.processedArgs.map((name: string) => readRun(findRunFolder(name, results)))
    if (a === undefined || b === undefined) throw new UnreadableRun('Two runs are needed.')
    const comparison = compareRuns(a, b)
    const { json } = command.opts<{ readonly json: boolean }>()
    return {
      exitCode: 0,
      stdout: json ? `${JSON.stringify(comparison)}\n` : renderComparison(comparison),
      stderr,
    }
  } catch (error) {
    if (error instanceof UnreadableRun) {
      return { exitCode: BAD_USAGE, stdout: '', stderr: `error: ${error.message}\n` }
    }
    if (!(error instanceof CommanderError)) throw error
    const line = stderr === '' ? '' : `${stderr.trim().replace(/\s*\n\s*/g, ' ')}\n`
    return { exitCode: error.exitCode === 0 ? 0 : BAD_USAGE, stdout, stderr: line }
  }
}
