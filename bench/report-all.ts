import { rebuildReports } from './rebuild-reports.ts'

rebuildReports(process.stdout)
