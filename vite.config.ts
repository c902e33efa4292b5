import { defineConfig } from 'vite'

/** The page: built into dist/page and served by the server; `npm run dev` serves it with reload and forwards the API. */
export default defineConfig({
  root: 'client/page',
  // Relative to the page, which a proxy may serve below a path of its own.
  base: './',
  build: { outDir: '../../dist/page', emptyOutDir: true, target: 'es2022' },
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    // The lanes as well: under this name the lab knows of no second port, so that they use the page's own origin.
    proxy: {
      '^/(api/|(control|poll|long-poll|sse|ws|stream|say)(\\?|$))': {
        target: 'http://127.0.0.1:3000',
        ws: true,
      },
    },
  },
})
