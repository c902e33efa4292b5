import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { BenchRun } from './judge/result.ts'

const SHORT = [
  '--scenario',
  'delivery',
  '--technique',
  'sse',
  '--clients',
  '20',
  '--repeats',
  '1',
  '--seed',
  '1',
]

let out: string
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'push-lab-bench-'))
})
afterEach(() => rmSync(out, { recursive: true, force: true }))

function startBench(args: readonly string[]) {
  const child = spawn(process.execPath, ['dist/bench/main.js', '--out', out, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, stdout, stderr }))
  return { child, ended, stderr: () => stderr }
}

/** The ids of the processes that the bench has started and not yet seen end. */
function childrenOf(pid: number | undefined): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number)
}

function parentOf(pid: string): number | null {
  try {
    return Number(/^\d+ \(.*\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1])
  } catch {
    return null
  }
}

function readRun(): BenchRun {
  const [folder = ''] = readdirSync(out)
  return JSON.parse(readFileSync(join(out, folder, 'run.json'), 'utf8')) as BenchRun
}

test('a short run accounts for every delivery and every byte, and leaves its four files behind', {
  timeout: 60_000,
}, async () => {
  const { code, stdout, stderr } = await startBench([...SHORT, '--json']).ended
  expect(code, stderr).toBe(0)
  const run = JSON.parse(stdout) as BenchRun
  expect(stderr.endsWith(`${join(out, run.id)}\n`)).toBe(true)
  expect(readRun()).toEqual(run)
  expect(readdirSync(join(out, run.id)).sort()).toEqual([
    'report.html',
    'report.md',
    'run.json',
    'summary.csv',
  ])
  expect(run).toMatchObject({ schema: 3, tier: 'quick', complete: true, seed: 1, blocks: 1 })
  expect(run.trials.map(({ arm, as }) => `${arm} ${as}`).sort()).toEqual(['sse null', 'tcp sse'])

  const trial = run.trials.find(({ arm }) => arm === 'sse')
  const checks = Object.fromEntries(trial?.checks.map(({ code, verdict }) => [code, verdict]) ?? [])
  expect(checks).toMatchObject({
    lossy: 'ok',
    'not-as-scheduled': 'ok',
    'bytes-down-disagree': 'ok',
    'bytes-up-disagree': 'ok',
    'read-before-published': 'ok',
  })
  expect(trial?.values.completeness).toBe(1)
  expect(trial?.values['cpu-per-delivery']).toBeGreaterThan(0)
  // The schedule lag is part of the latency.
  expect(trial?.values['schedule-lag-p50']).toBeGreaterThan(0)
  expect(trial?.values['schedule-lag-p50']).toBeLessThan(trial?.values['latency-p50'] ?? 0)
  expect(run.caveats).toContainEqual({ code: 'axes-changed', params: { scenarios: ['delivery'] } })
})

test.runIf(process.platform === 'linux')(
  'broken off in a trial, it keeps what is finished, ends with 130 and leaves no process behind',
  { timeout: 60_000 },
  async () => {
    const { child, ended, stderr } = startBench(SHORT)
    const children = await childrenInSecondTrial(child.pid, stderr)
    child.kill('SIGINT')
    const { code, stdout } = await ended
    expect(code).toBe(130)
    expect(stdout).toBe(`${join(out, readRun().id)}\n`)
    expect(children.filter(pid => existsSync(`/proc/${pid}`))).toEqual([])
    const run = readRun()
    expect(run.complete).toBe(false)
    expect(run.trials).toHaveLength(1)
    expect(run.caveats).toContainEqual({ code: 'incomplete', params: {} })
  },
)

test.runIf(process.platform === 'linux')(
  'killed, it leaves no process behind either',
  { timeout: 60_000 },
  async () => {
    const { child, ended, stderr } = startBench(SHORT)
    const children = await childrenInSecondTrial(child.pid, stderr)
    child.kill('SIGKILL')
    await ended
    await expect
      .poll(() => children.filter(pid => existsSync(`/proc/${pid}`)), { timeout: 5_000 })
      .toEqual([])
  },
)

/** One trial is finished, and both processes of the next are running. */
async function childrenInSecondTrial(pid: number | undefined, stderr: () => string): Promise<number[]> {
  await expect.poll(stderr, { timeout: 30_000, interval: 20 }).toContain('[1/2]')
  await expect.poll(() => childrenOf(pid).length, { timeout: 5_000, interval: 20 }).toBe(2)
  return childrenOf(pid)
}

test('bad usage is one line on stderr, nothing on stdout, and exit code 2', async () => {
  const { code, stdout, stderr } = await startBench(['--tier', 'endless']).ended
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^error: .*quick, standard, full[^\n]*\n$/)
  expect(readdirSync(out)).toEqual([])
})

test('a selection that leaves nothing to run is one line on stderr, and exit code 2', async () => {
  const { code, stdout, stderr } = await startBench(['--scenario', 'throughput', '--technique', 'sse']).ended
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^error: Nothing is left to run\. [^\n]*Throughput[^\n]*\n$/i),
  })
  expect(readdirSync(out)).toEqual([])
})

test('a folder for the run that cannot be written is reported before anything is measured', async () => {
  const { code, stdout, stderr } = await startBench([...SHORT, '--out', 'package.json/results']).ended
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^error: .*package\.json is not a folder: choose another with --out\.\n$/)
})
