import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { noQuery, READ } from '../gate/query.ts'
import { RUN_FILES, type RunFile } from '../protocol/run.ts'
import { Refusal } from '../refusal.ts'
import type { RunHead } from './run-head.ts'
import { createRuns, reasonOf } from './runs.ts'

/** What a browser does with each file: tables and text are downloaded, the rest is shown. */
const HEADERS: Readonly<Record<RunFile, Readonly<Record<string, string>>>> = {
  'run.json': { 'content-type': 'application/json; charset=utf-8' },
  'summary.csv': { 'content-type': 'text/csv; charset=utf-8' },
  'report.md': { 'content-type': 'text/markdown; charset=utf-8' },
  'report.html': {
    'content-type': 'text/html; charset=utf-8',
    // A report holds its own styles and drawings, and nothing that runs or loads. Anyone may have made it.
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  },
}
const DOWNLOADED: ReadonlySet<RunFile> = new Set(['summary.csv', 'report.md'])

/** The bench's results, for reading: the list, each run, and its files. */
export function openResults(fastify: FastifyInstance, folder: string): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  const runs = createRuns(folder)
  const one = Type.Object({ id: Type.String() })
  const file = Type.Object({ id: Type.String(), file: Type.String() })
  app.route({ method: [...READ], url: '/api/results', schema: noQuery, handler: runs.list })
  app.route({
    method: [...READ],
    url: '/api/results/:id',
    schema: { ...noQuery, params: one },
    handler: async (request, reply) => {
      const { id } = request.params
      const head = await runs.head(id).catch(error => {
        const { code } = reasonOf(error)
        throw new Refusal(404, 'unreadable-run', `Choose another run: this one cannot be read (${code}).`)
      })
      const handle = head && (await runs.open(id, 'run.json'))
      if (head === null || handle === null) throw NO_SUCH_RUN
      return reply.headers(HEADERS['run.json']).send(wholeRun(handle, head, id))
    },
  })
  app.route({
    method: [...READ],
    url: '/api/results/:id/:file',
    schema: { ...noQuery, params: file },
    handler: async (request, reply) => {
      const { id } = request.params
      const file = RUN_FILES.find(name => name === request.params.file)
      const handle = file === undefined ? null : await runs.open(id, file)
      if (file === undefined || handle === null) throw NO_SUCH_FILE
      reply.headers({ ...HEADERS[file], 'x-content-type-options': 'nosniff' })
      if (DOWNLOADED.has(file)) reply.header('content-disposition', `attachment; filename="${id}-${file}"`)
      return reply.send(handle.createReadStream())
    },
  })
}

const NO_SUCH_RUN = new Refusal(404, 'no-such-run', 'Choose a run from /api/results.')
const NO_SUCH_FILE = new Refusal(
  404,
  'no-such-file',
  `Choose a run from /api/results, and one of its files: ${RUN_FILES.join(', ')}.`,
)

/** The bytes as they are stored. The folder's name is the run's `id`: a parser takes the last of two. */
function wholeRun(handle: FileHandle, head: RunHead, id: string): Readable {
  if (head.id === id) return handle.createReadStream()
  const stored = handle.createReadStream({ end: head.closesAt - 1 })
  const renamed = async function* () {
    yield* stored
    yield `,"id":${JSON.stringify(id)}}`
  }
  // If the client leaves before the first byte is read, the generator never starts and cannot close the file.
  return Readable.from(renamed(), { objectMode: false }).once('close', () => stored.destroy())
}
