/**
 * Readers who come, go and are cut for as long as one likes: `npm run soak -- --minutes 120 [--seed 7]`.
 * Prints how the server's memory moved and what the ledger found. Exit code 1 if anything was lost, repeated or left over.
 */
import { parseArgs } from 'node:util'
import { runSoak } from './soak-run.ts'

const USAGE =
  'Use: npm run soak -- --minutes <n> [--seed <n>], more than 0 minutes and a whole number as seed.\n'

async function main(): Promise<number> {
  const { minutes, seed } = readArguments()
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
    process.stderr.write(USAGE)
    return 2
  }
  process.stdout.write(`soak  ${minutes} minutes, seed ${seed}\n`)
  const report = await runSoak({ minutes, seed, say: line => process.stdout.write(`${line}\n`) })
  return report.clean ? 0 : 1
}

function readArguments(): { minutes: number; seed: number } {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } })
    return { minutes: Number(values.minutes ?? 1), seed: Number(values.seed ?? Date.now() % 2 ** 32) }
  } catch {
    return { minutes: Number.NaN, seed: 0 }
  }
}

process.exitCode = await main()
