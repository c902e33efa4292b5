import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import type { BenchRun } from '../judge/result.ts'
import { renderCsv } from './csv.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { reportOf } from './sections.ts'

/** Writes the run and its reports into a folder of its own under `parent`, and resolves to that folder. */
export async function writeRun(run: BenchRun, parent: string): Promise<string> {
  const folder = join(parent, run.id)
  mkdirSync(folder, { recursive: true })
  // First, since a report can be made again from it.
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify(run, null, 1)}\n`)
  for (const [name, text] of await reportTexts(run)) writeFileSync(join(folder, name), text)
  return folder
}

/** File name → text, of the files that are made from `run.json`. */
export async function reportTexts(run: BenchRun): Promise<Map<string, string>> {
  const blocks = await reportOf(run)
  const techniques = TECHNIQUES.filter(technique => run.trials.some(({ arm }) => arm === technique))
  return new Map([
    ['summary.csv', renderCsv(run)],
    ['report.md', renderMarkdown(blocks)],
    ['report.html', renderHtml(`push-lab bench ${run.id}`, blocks, techniques)],
  ])
}
