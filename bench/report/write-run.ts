import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchRun } from '../judge/result.ts'
import { renderCsv } from './csv.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { reportOf } from './sections.ts'

/** Writes the run and its reports into a folder of its own under `parent`, and returns that folder. */
export function writeRun(run: BenchRun, parent: string): string {
  const folder = join(parent, run.id)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify(run, null, 1)}\n`)
  for (const [name, text] of reportTexts(run)) writeFileSync(join(folder, name), text)
  return folder
}

/** File name → text, of the files that say again what `run.json` says. */
export function reportTexts(run: BenchRun): Map<string, string> {
  const blocks = reportOf(run)
  return new Map([
    ['summary.csv', renderCsv(run.summary)],
    ['report.md', renderMarkdown(blocks)],
    ['report.html', renderHtml(`push-lab bench ${run.id}`, blocks)],
  ])
}
