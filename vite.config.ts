import { defineConfig, type Plugin } from 'vite'
import { ARM_NAMES } from './client/run/text/en.ts'
import {
  CONTROL_ENDPOINT,
  ENDPOINTS,
  SAY_ENDPOINT,
  TECHNIQUES,
  traitsOf,
} from './server/protocol/techniques.ts'

const SHAPES = { square: '■', diamond: '◆', triangle: '▲', circle: '●', 'triangle-down': '▼', bar: '▬' }
const PATHS = [...ENDPOINTS, CONTROL_ENDPOINT, SAY_ENDPOINT].map(path => path.slice(1)).join('|')

/** The page: built into dist/page and served by the server; `npm run dev` serves it with reload and forwards the API. */
export default defineConfig({
  root: 'client/page',
  // Relative to the page, which a proxy may serve below a path of its own.
  base: './',
  build: {
    outDir: '../../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    // The first versions with `light-dark()`, which would otherwise be rewritten.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
  plugins: [skeleton()],
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    // The lanes' requests too: a page at this address does not know the link port, so its lanes use the page's origin.
    proxy: { [`^/(api/|(${PATHS})(\\?|$))`]: { target: 'http://127.0.0.1:3000', ws: true } },
  },
})

/** Writes the lanes' names into index.html, where they stand until the page draws itself. */
function skeleton(): Plugin {
  const lanes = TECHNIQUES.filter(technique => traitsOf(technique).laneAtFirst)
    .map(technique => `<li>${SHAPES[traitsOf(technique).shape]} ${ARM_NAMES[technique]}</li>`)
    .join('\n        ')
  return { name: 'skeleton', transformIndexHtml: html => html.replace('<!-- lanes -->', lanes) }
}
