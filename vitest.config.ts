import { defineConfig } from 'vitest/config'

/** Where the runner's report goes as JSON, for whoever counts (continuous integration does). */
const report = process.env['TEST_REPORT']
/** They need the machine for themselves: one reads injected faults within a tolerance, the other has time limits of the contract. */
const ALONE = ['bench/known-answers/**/*.e2e.ts', 'bench/faults/faults.e2e.ts']

export default defineConfig({
  test: {
    // Fault cells mostly wait; the default of 5 would make them wait in turns.
    maxConcurrency: 8,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // A busy machine takes more than the second that is the default.
    expect: { poll: { timeout: 5_000 } },
    reporters: report === undefined ? ['default'] : ['default', 'json'],
    ...(report !== undefined && { outputFile: { json: report } }),
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['{server,client,bench}/**/*.{test,e2e}.ts'],
          exclude: ALONE,
          // Most files wait for sockets and timers more than they work.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ALONE,
          // After all others, one at a time.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
