import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderCsv } from './report/csv.ts'
import { renderHtml } from './report/html.ts'
import { renderMarkdown } from './report/markdown.ts'
import { reportOf } from './report/sections.ts'
import type { BenchRun } from './result.ts'

/** Writes the run and its reports into a folder of its own under `parent`, and returns that folder. */
export function writeRun(run: BenchRun, parent: string): string {
  const folder = join(parent, run.id)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify(run, null, 1)}\n`)
  writeReports(run, folder)
  return folder
}

/** The files that say again what `run.json` says. */
export function writeReports(run: BenchRun, folder: string): void {
  const blocks = reportOf(run)
  writeFileSync(join(folder, 'summary.csv'), renderCsv(run.summary))
  writeFileSync(join(folder, 'report.md'), renderMarkdown(blocks))
  writeFileSync(join(folder, 'report.html'), renderHtml(`push-lab bench ${run.id}`, blocks))
}
