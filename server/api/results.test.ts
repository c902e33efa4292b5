import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RUN_SCHEMA } from '../protocol/run.ts'
import { type StartedLab, startLab } from '../testing/start-lab.ts'

let parent: string
let lab: StartedLab
beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'push-lab-'))
  const resultsFolder = join(parent, 'results')
  writeFileAt(join(parent, 'secret'), 'report.html', 'secret')
  writeFileAt(resultsFolder, 'report.html', 'secret')
  for (const [id, startedAt] of [
    ['one', '2026-01-01T00:00:00Z'],
    ['two', '2026-01-02T00:00:00Z'],
    ['bad', ''],
  ] as const) {
    const run = { schema: RUN_SCHEMA, id, startedAt, tier: 'quick', complete: true, summary: [] }
    writeFileAt(join(resultsFolder, id), 'run.json', id === 'bad' ? '{' : JSON.stringify(run))
  }
  const one = join(resultsFolder, 'one')
  writeFileAt(one, 'summary.csv', 'scenario,unit\r\ndelivery,µs\r\n')
  writeFileAt(one, 'report.md', '# µs\n')
  writeFileAt(one, 'report.html', '<!doctype html><style>p{color:red}</style><p>µs')
  writeFileAt(one, 'notes.txt', 'secret')
  lab = await startLab({ resultsFolder })
})
afterAll(async () => {
  await lab.stop()
  rmSync(parent, { recursive: true })
})

it('are the runs of the results folder, newest first, and nothing else of the disk', async () => {
  const { runs } = await (await get('')).json()
  expect(runs).toEqual([
    { id: 'two', startedAt: '2026-01-02T00:00:00Z', tier: 'quick', complete: true },
    { id: 'one', startedAt: '2026-01-01T00:00:00Z', tier: 'quick', complete: true },
  ])
  expect(await (await get('/one')).json()).toMatchObject({ id: 'one', tier: 'quick' })
})

it.each([
  ['run.json', 'application/json; charset=utf-8', null, '"id":"one"'],
  ['summary.csv', 'text/csv; charset=utf-8', 'attachment; filename="one-summary.csv"', 'µs'],
  ['report.md', 'text/markdown; charset=utf-8', 'attachment; filename="one-report.md"', '# µs'],
  ['report.html', 'text/html; charset=utf-8', null, 'µs'],
])('give %s as it is, and say what it is', async (file, type, disposition, part) => {
  const answer = await get(`/one/${file}`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe(type)
  expect(answer.headers.get('content-disposition')).toBe(disposition)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  expect(await answer.text()).toContain(part)
})

it('let a report show its own styles, and neither run nor load anything', async () => {
  const policy = (await get('/one/report.html')).headers.get('content-security-policy')
  const directives = new Set(policy?.split('; '))
  expect(directives).toContain("default-src 'none'")
  expect(directives).toContain("style-src 'unsafe-inline'")
  expect(directives).toContain('sandbox')
  expect(policy).not.toMatch(/script|http|\*/)
})

it.each([
  '/three',
  '/bad',
  '/.git',
  '/..',
  '/../results',
  '/%2e%2e',
  '/%2e%2e%2fsecret',
  '/__proto__',
  '/two/report.html',
  '/three/report.html',
  '/one/notes.txt',
  '/one/RUN.JSON',
  '/one/run.json%00',
  '/one/..',
  '/one/../report.html',
  '/one/%2e%2e%2freport.html',
  '/one/%2e%2e%2f%2e%2e%2fsecret%2freport.html',
  '/one/..%5creport.html',
  '/../secret/report.html',
  '/%2e%2e%2fsecret/report.html',
  '/..%2fsecret/report.html',
  '/./report.html',
  '/%2e/report.html',
  '//report.html',
  '/one%2f..%2f..%2fsecret/report.html',
  '/constructor/run.json',
  '/one/constructor',
  '/one/',
  '/one/run.json/more',
])('refuse %s, and say nothing of it', async path => {
  const answer = await askRaw(path)
  expect([400, 404]).toContain(answer.status)
  expect(JSON.parse(answer.body)).toEqual({ error: expect.stringMatching(/\.$/), code: expect.any(String) })
  expect(answer.body).not.toContain('secret')
})

function get(path: string): Promise<Response> {
  return fetch(`${lab.origin}/api/results${path}`)
}

/** The path as it stands: `fetch` would tidy it up before it is sent. */
function askRaw(path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(lab.origin)
    const asked = request({ hostname, port, path: `/api/results${path}` }, answer => {
      let body = ''
      answer.setEncoding('utf8').on('data', chunk => {
        body += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    asked.on('error', reject).end()
  })
}

function writeFileAt(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), text)
}
