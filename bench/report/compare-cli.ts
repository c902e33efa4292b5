/** `npm run bench:compare A B`: two runs in, a table out. */
import { join } from 'node:path'
import { Command } from 'commander'
import { compareRuns } from '../judge/comparison/compare-runs.ts'
import { BAD_USAGE, type Output, parseCommand } from '../parse-command.ts'
import { findProjectRoot } from '../project-root.ts'
import { findRunFolder, readRun, UnreadableRun } from './read-run.ts'
import { renderComparison } from './terminal.ts'

export function runCompareCli(
  args: readonly string[],
  results: string = join(findProjectRoot(), 'results'),
): Output {
  const command = new Command('npm run bench:compare --')
    .description('Sets run B beside run A, by the rules that hold within one run. See results/README.md.')
    .argument('<A>', 'a folder, or the id of a run in results/')
    .argument('<B>', 'the run that is compared with it')
    .option('--json', 'print JSON on stdout instead of tables', false)
  const ended = parseCommand(command, args)
  if (ended !== null) return ended
  try {
    const [a, b] = command.processedArgs.map((name: string) => readRun(findRunFolder(name, results)))
    if (a === undefined || b === undefined) throw new UnreadableRun('Two runs are needed.')
    const comparison = compareRuns(a, b)
    const { json } = command.opts<{ readonly json: boolean }>()
    return {
      exitCode: 0,
      stdout: json ? `${JSON.stringify(comparison)}\n` : renderComparison(comparison),
      stderr: '',
    }
  } catch (error) {
    if (!(error instanceof UnreadableRun)) throw error
    return { exitCode: BAD_USAGE, stdout: '', stderr: `error: ${error.message}\n` }
  }
}
