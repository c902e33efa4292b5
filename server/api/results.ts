import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { type ResultsList, RUN_FILES, type Run, type RunFile } from '../protocol.ts'
import { noQuery, READ } from '../query.ts'
import { Refusal } from '../refusal.ts'

const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/

/** What the browser is to do with each file: tables and text are kept, the rest is looked at in a tab. */
const HEADERS: Readonly<Record<RunFile, Readonly<Record<string, string>>>> = {
  'run.json': { 'content-type': 'application/json; charset=utf-8' },
  'summary.csv': { 'content-type': 'text/csv; charset=utf-8' },
  'report.md': { 'content-type': 'text/markdown; charset=utf-8' },
  'report.html': {
    'content-type': 'text/html; charset=utf-8',
    // A report holds its own styles and drawings, and nothing that runs or loads. It may have been made by anybody.
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  },
}
const KEPT: ReadonlySet<RunFile> = new Set(['summary.csv', 'report.md'])

/** What the bench left, for reading: the list, each run, and its files. */
export function openResults(fastify: FastifyInstance, folder: string): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  const one = Type.Object({ id: Type.String() })
  const file = Type.Object({ id: Type.String(), file: Type.String() })
  app.route({ method: [...READ], url: '/api/results', schema: noQuery, handler: () => listRuns(folder) })
  app.route({
    method: [...READ],
    url: '/api/results/:id',
    schema: { ...noQuery, params: one },
    handler: request => readRun(folder, request.params.id),
  })
  app.route({
    method: [...READ],
    url: '/api/results/:id/:file',
    schema: { ...noQuery, params: file },
    handler: async (request, reply) => {
      const { id } = request.params
      const file = RUN_FILES.find(name => name === request.params.file)
      const bytes = file === undefined ? null : await readRunFile(folder, id, file)
      if (file === undefined || bytes === null) throw NO_SUCH_FILE
      reply.headers({ ...HEADERS[file], 'x-content-type-options': 'nosniff' })
      if (KEPT.has(file)) reply.header('content-disposition', `attachment; filename="${id}-${file}"`)
      return reply.send(bytes)
    },
  })
}

const NO_SUCH_RUN = new Refusal(404, 'no-such-run', 'Choose a run from /api/results.')
const NO_SUCH_FILE = new Refusal(
  404,
  'no-such-file',
  `Choose a run from /api/results, and of it ${RUN_FILES.join(', ')}.`,
)

/** A folder for each run, `run.json` in it. A folder without a readable one is passed over. */
async function listRuns(folder: string): Promise<ResultsList> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const runs = await Promise.all(
    entries.filter(entry => entry.isDirectory()).map(entry => tryRun(folder, entry.name)),
  )
  return {
    runs: runs
      .filter(run => run !== null)
      .sort((a, b) => b.startedAt.localeCompare(a.startedAt))
      .map(({ id, startedAt, tier, complete }) => ({ id, startedAt, tier, complete })),
  }
}

/** One run, whole. `id` is the name of its folder and nothing else. Throws a 404 refusal. */
async function readRun(folder: string, id: string): Promise<Run> {
  const run = await tryRun(folder, id)
  if (run === null) throw NO_SUCH_RUN
  return run
}

async function tryRun(folder: string, id: string): Promise<Run | null> {
  try {
    const bytes = await readRunFile(folder, id, 'run.json')
    return bytes === null ? null : { ...(JSON.parse(bytes.toString()) as Run), id }
  } catch {
    return null
  }
}

/** `null` for what is not there, and for what is no name of a run: it could lead out of the folder. */
async function readRunFile(folder: string, id: string, file: RunFile): Promise<Buffer | null> {
  return RUN_ID.test(id) ? readFile(join(folder, id, file)).catch(() => null) : null
}
