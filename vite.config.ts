import { defineConfig } from 'vite'

/** The page: built into dist/page and served by the server; `npm run dev` serves it with reload and forwards the API. */
export default defineConfig({
  root: 'client',
  build: { outDir: '../dist/page', emptyOutDir: true, target: 'es2022' },
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    proxy: { '/api': 'http://127.0.0.1:3000', '/control': { target: 'ws://127.0.0.1:3000', ws: true } },
  },
})
