import { defineConfig } from 'vitest/config'

/** Where the runner's report goes as JSON, for whoever counts (continuous integration does). */
const report = process.env['TEST_REPORT']

export default defineConfig({
  test: {
    include: ['{server,client,bench}/**/*.{test,e2e}.ts'],
    // Fault cells mostly wait; the default of 5 would make them wait in turns.
    maxConcurrency: 8,
    // Most files wait for sockets and timers more than they work.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    reporters: report === undefined ? ['default'] : ['default', 'json'],
    ...(report !== undefined && { outputFile: { json: report } }),
  },
})
