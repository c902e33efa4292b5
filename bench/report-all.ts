import { UnreadableRun } from './report/read-run.ts'
import { rebuildReports } from './report/rebuild-reports.ts'

try {
  await rebuildReports(process.stdout)
} catch (error) {
  if (!(error instanceof UnreadableRun)) throw error
  process.stderr.write(`error: ${error.message}\n`)
  process.exitCode = 1
}
