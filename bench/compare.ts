import { runCompareCli } from './report/compare-cli.ts'

const { exitCode, stdout, stderr } = runCompareCli(process.argv.slice(2))
process.stdout.write(stdout)
process.stderr.write(stderr)
process.exitCode = exitCode
