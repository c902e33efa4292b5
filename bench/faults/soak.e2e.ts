import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findProjectRoot } from '../project-root.ts'
import { FULL_TIMES } from './contract-times.ts'

const SOAK = join(findProjectRoot(), 'dist/bench/faults/soak.js')
const MINUTES = FULL_TIMES ? 5 : 1 / 3

describe('the soak', () => {
  it(
    'runs for some rounds with a clean ledger, and nothing is left over',
    async () => {
      const { code, printed } = await runSoak('--minutes', String(MINUTES), '--seed', '7')
      expect(printed).toMatch(/^soak .* seed 7$/m)
      expect(printed).toMatch(/^\d+ rounds, \d+ events to \d+ readers$/m)
      expect(printed).toMatch(/^sockets and timers back to the baseline after each round$/m)
      expect(printed).toMatch(/^ledger clean, 0 undeclared gaps$/m)
      expect(code).toBe(0)
    },
    MINUTES * 60_000 + 60_000,
  )

  it.each([[['--minutes', '0']], [['--minutes', 'long']], [['--hours', '1']]])(
    'refuses %j in one line',
    async args => {
      const { code, printed } = await runSoak(...args)
      expect(printed.trim().split('\n')).toHaveLength(1)
      expect(code).toBe(2)
    },
  )
})

async function runSoak(...args: readonly string[]): Promise<{ code: number; printed: string }> {
  const child = spawn(process.execPath, [SOAK, ...args])
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      printed += chunk
    })
  const [code] = await once(child, 'close')
  return { code, printed }
}
