import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { SourceSettings } from '../../server/protocol/api.ts'
import { type ServerProcess, startServerProcess } from '../faults/server-process.ts'
import type { BenchRun } from '../judge/result.ts'

const TOKEN = 'a-token-of-this-test'
const SOURCE: SourceSettings = { kind: 'replay', rate: 3, timing: 'poisson', payloadBytes: 128 }

let server: ServerProcess
let origin = ''
let out = ''

/** A second loopback address stands in for another machine. */
beforeAll(async () => {
  const args = ['--host', '127.0.0.2', '--link-port', 'off', '--rate', '3', '--token', TOKEN]
  server = await startServerProcess({ args })
  origin = server.origin
})
afterAll(() => server.kill())

beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'push-lab-remote-'))
})
afterEach(() => rmSync(out, { recursive: true, force: true }))

function startBench(url: string, args: readonly string[]) {
  const child = spawn(process.execPath, ['dist/bench/main.js', '--out', out, '--url', url, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, stderr }))
  return { child, ended, stderr: () => stderr }
}

function readRun(): BenchRun {
  const [folder = ''] = readdirSync(out)
  return JSON.parse(readFileSync(join(out, folder, 'run.json'), 'utf8')) as BenchRun
}

async function readSource(): Promise<unknown> {
  return (await fetch(`${origin}/api/source`)).json()
}

const SHORT = ['--scenario', 'delivery,connections', '--clients', '10', '--repeats', '1', '--seed', '1']

test('a server elsewhere is measured over the wire, and left as it was', { timeout: 60_000 }, async () => {
  const args = [...SHORT, '--technique', 'poll,sse', '--token', TOKEN]
  const { code, stderr } = await startBench(origin, args).ended
  expect(code, stderr).toBe(0)
  const run = readRun()
  expect(run.trials.map(({ scenario, arm, as }) => `${scenario} ${arm} ${as}`).sort()).toEqual([
    'delivery poll null',
    'delivery sse null',
  ])
  for (const { values, checks } of run.trials) {
    expect(values['latency-p50']).toBeGreaterThan(0)
    expect(values['wire-down']).toBeGreaterThan(128)
    expect(Object.keys(values).filter(id => /^cpu|memory/.test(id))).toEqual([])
    const verdicts = Object.fromEntries(checks.map(({ code, verdict }) => [code, verdict]))
    expect(verdicts).toMatchObject({
      lossy: 'ok',
      'not-as-scheduled': 'ok',
      'bytes-down-disagree': 'ok',
      'bytes-up-disagree': 'ok',
      'read-before-published': 'ok',
    })
  }
  expect(run.provenance['server']).toBe(origin)
  expect(run.provenance['clockUncertaintyMs']).toBeGreaterThan(0)
  expect(run.caveats).toContainEqual({ code: 'remote-server', params: { origin } })
  expect(run.caveats).toContainEqual({
    code: 'scenario-needs-own-server',
    params: { scenario: 'connections' },
  })
  expect(await readSource()).toEqual(SOURCE)
})

test('when the bench is interrupted, the source is restored all the same', { timeout: 60_000 }, async () => {
  const { child, ended } = startBench(origin, [...SHORT, '--technique', 'sse', '--token', TOKEN])
  await expect.poll(readSource, { timeout: 20_000, interval: 20 }).toMatchObject({ kind: 'synthetic' })
  child.kill('SIGINT')
  expect((await ended).code).toBe(130)
  expect(await readSource()).toEqual(SOURCE)
})

test('without its token a server is not measured, and nothing about it is changed', async () => {
  const without = await startBench(origin, SHORT).ended
  expect(without).toMatchObject({ code: 2 })
  expect(without.stderr).toMatch(/^error: \S+ requires its control token: pass it with --token\.\n$/)
  const wrong = await startBench(origin, [...SHORT, '--token', 'another']).ended
  expect(wrong).toMatchObject({ code: 2 })
  expect(wrong.stderr).toMatch(/^error: \S+ does not accept this control token[^\n]*\n$/)
  expect(await readSource()).toEqual(SOURCE)
  expect(readdirSync(out)).toEqual([])
})

test('a server that is not there, or is not a push-lab, is reported in one line with exit code 2', async () => {
  const other = createServer((_request, response) => response.end('hello'))
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const notALab = await startBench(`http://127.0.0.1:${port}`, SHORT).ended
  other.close()
  expect(notALab.code).toBe(2)
  expect(notALab.stderr).toMatch(/^error: \S+ is not a push-lab[^\n]*\n$/)
  const gone = await startBench(`http://127.0.0.1:${port}`, SHORT).ended
  expect(gone.code).toBe(2)
  expect(gone.stderr).toMatch(/^error: \S+ cannot be reached: [^\n]*\n$/)
})

test('a run that could measure nothing there is refused before it begins', async () => {
  const { code, stderr } = await startBench(origin, ['--scenario', 'distance', '--token', TOKEN]).ended
  expect(code).toBe(2)
  expect(stderr).toMatch(
    /^error: Nothing is left to run\. Distance is left out: it needs a server that the bench has started itself\.\n$/,
  )
})
