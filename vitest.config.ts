import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{server,client,bench}/**/*.{test,e2e}.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
