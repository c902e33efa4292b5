/** `npm run report`: writes all generated text again, from the committed runs. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runText } from '../../client/run/text/en.ts'
import { findProjectRoot } from '../project-root.ts'
import { type CommittedRun, readCommittedRuns } from './read-run.ts'
import { machineOf, renderResultsReadme, renderResultsTable, replaceResults } from './readme.ts'
import { reportTexts } from './write-run.ts'

export async function rebuildReports(stdout: { write(text: string): unknown }): Promise<void> {
  const root = findProjectRoot()
  const runs = readCommittedRuns(root)
  for (const [path, text] of await generatedTexts(root, runs)) writeFileSync(path, text)
  stdout.write(`Committed runs: ${runs.length}. Their reports and both READMEs are written anew.\n`)
}

/** Path → text of all that is made from the committed runs. A README that is not there is left out. */
export async function generatedTexts(
  root: string,
  runs: readonly CommittedRun[],
): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  const newest = [...new Map([...runs].reverse().map(({ run }) => [machineOf(run), run])).values()]
  texts.set(join(root, 'results', 'README.md'), renderResultsReadme(newest))
  const readme = join(root, 'README.md')
  const [shown] = runs
  if (existsSync(readme)) {
    const table =
      shown === undefined
        ? runText.readme.noRun
        : renderResultsTable(shown.run, `results/${basename(shown.folder)}`)
    texts.set(readme, replaceResults(readFileSync(readme, 'utf8'), table))
  }
  for (const { run, folder } of runs) {
    for (const [name, text] of await reportTexts(run)) texts.set(join(folder, name), text)
  }
  return texts
}
