import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { urlHost } from './gate/names.ts'
import { reachableAt } from './lan.ts'
import { projectRoot } from './project-root.ts'

const SERVER = join(projectRoot(), 'dist/server/main.js')
const folder = mkdtempSync(join(tmpdir(), 'push-lab-'))
const ipv6 = Object.values(networkInterfaces())
  .flat()
  .some(found => found?.address === '::1')
const PATIENTLY = { timeout: 10_000 }
const running = new Set<ChildProcess>()

afterEach(() => {
  for (const { pid } of running) process.kill(-Number(pid), 'SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the command line', () => {
  it('prints the address of the page on a line of its own, and serves there', async () => {
    const server = run(['--port', '0', '--rate', '0'])
    const address = await server.address
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await (await fetch(`${address}/api/health`)).json()).toMatchObject({ ready: true, top: 0 })
    const page = await fetch(address)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    expect(await page.text()).toMatch(/<html/)
  })

  it('reads every option from the environment as well', async () => {
    const server = run([], {
      PUSHLAB_SOURCE: 'synthetic',
      PUSHLAB_RATE: '7',
      PUSHLAB_LINK_PORT: 'off',
      PORT: '0',
    })
    const address = await server.address
    expect(await (await fetch(`${address}/api/source`)).json()).toMatchObject({ kind: 'synthetic', rate: 7 })
    expect(await (await fetch(`${address}/api/health`)).json()).toMatchObject({ link: null })
  })

  it.each([
    { HOST: 'x86_64-conda-linux-gnu', PORT: '0' },
    { HOST: 'seminar-room-3', PORT: '', PUSHLAB_PORT: '0' },
    { HOST: '', PUSHLAB_HOST: '', PUSHLAB_PORT: '', PORT: '0' },
    { PUSHLAB_PORT: 'tcp://10.96.0.7:3000', PUSHLAB_LINK_PORT: 'tcp://10.96.0.8:3001', PORT: '0' },
    {
      PORT: 'tcp://172.17.0.5:5432',
      PUSHLAB_PORT: '0',
      PUSHLAB_RATE: '',
      PUSHLAB_TOKEN: '',
      PUSHLAB_FILE: '',
    },
    { PUSHLAB_LAN: '0', PUSHLAB_PORT: '0' },
    { PUSHLAB_LAN: 'false', PUSHLAB_PORT: '0', PUSHLAB_TRUST_PROXY: '', PUSHLAB_ALLOW_HOST: '' },
  ])('starts on loopback whatever shells and containers set: %j', async env => {
    const server = run(['--source', 'none'], env)
    const address = await server.address
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await fetch(`${address}/api/health`)).status).toBe(200)
  })

  it.each([
    [{ PUSHLAB_HOST: 'seminar-room-3' }, /IP address/],
    [{ PUSHLAB_PORT: 'http' }, /whole number/],
    [{ PORT: '70000' }, /whole number/],
    [{ PORT: '6667' }, /browsers refuse/],
    [{ HOST: '192.0.2.1' }, /add --lan/],
  ])('refuses wrong values that were meant for it: %j', async (env, sentence) => {
    const { code, stderr } = await run(['--source', 'none'], env).ended
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(sentence) })
  })

  it.skipIf(!ipv6)('prints an IPv6 address in the form of a URL', async () => {
    const server = run(['--source', 'none', '--host', '0:0:0:0:0:0:0:1', '--port', '0'])
    const address = await server.address
    expect(address).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect((await fetch(`${address}/api/health`)).status).toBe(200)
  })

  it('with --lan listens on every address of both families, and prints them all, with one code', async () => {
    const server = run(['--source', 'none', '--lan', '--port', '0'])
    const { port } = new URL(await server.address)
    await expect.poll(() => server.printed.stdout).toMatch(/^Command: .*#token=/m)
    const printed = [...server.printed.stdout.matchAll(/^(?:Join|or): +(http:\S+)$/gm)].map(([, url]) => url)
    expect(printed).toEqual(reachableAt('::').map(name => `http://${urlHost(name)}:${port}`))
    for (const url of [...printed, `http://127.0.0.1:${port}`, ...(ipv6 ? [`http://[::1]:${port}`] : [])]) {
      expect((await fetch(`${url}/api/health`)).status).toBe(200)
    }
  })

  it('answers --help with every option, and --version', async () => {
    const help = await run(['--help']).ended
    expect(help.code).toBe(0)
    for (const option of ['--port', '--link-port', '--source', '--timing', '--keep-bytes', '--seed']) {
      expect(help.stdout).toContain(option)
    }
    expect((await run(['--version']).ended).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each([
    [['--prot', '1'], /unknown option '--prot'/],
    [['extra'], /too many arguments/],
    [['--port'], /argument missing/],
    [['--port', '65536'], /whole number from 0 to 65535/],
    [['--port', '1e3'], /whole number/],
    [['--rate', '-1'], /number from 0/],
    [['--rate', ''], /number from 0/],
    [['--rate', 'NaN'], /number from 0/],
    [['--source', 'kafka'], /Allowed choices are replay, synthetic, stdin, none/],
    [['--host', '0.0.0.0'], /add --lan/],
    [['--host', 'example.org'], /IP address/],
    [['--host', '::'], /add --lan/],
    [['--host', '::ffff:192.0.2.1'], /add --lan/],
    [['--port', '6000'], /browsers refuse/],
    [['--link-port', '5060'], /browsers refuse/],
    [['--trust-proxy', 'nginx'], /IP addresses/],
    [['--payload', '0'], /from 1 to 65536/],
    [['--policy', '{"heartbeatMs":"soon"}'], /some of the figures/],
    [['--policy', '{"heartbeatMs":2147483648}'], /some of the figures/],
    [['--policy', '{"heartbeat":1}'], /some of the figures/],
    [['--policy', '{"retryMs":{"least":1}}'], /some of the figures/],
    [['--timing', 'recorded', '--source', 'synthetic'], /only the replay source has recorded times/],
    [['--file', join(folder, 'none.ndjson')], /Cannot read .*none\.ndjson \(ENOENT\)/],
  ])('refuses %j in one line, with exit code 2', async (args, sentence) => {
    const { code, stdout, stderr } = await run(args).ended
    expect(stderr).toMatch(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).not.toMatch(/\bat .*:\d+/)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('names the line of a broken file', async () => {
    const file = join(folder, 'broken.ndjson')
    writeFileSync(file, '{"time":1,"type":"a","data":1}\n{"time":2,"type":\n')
    const { code, stderr } = await run(['--file', file]).ended
    expect(stderr).toMatch(/broken\.ndjson, line 2: .*not JSON/)
    expect(code).toBe(2)
  })

  it.each(['--port', '--link-port'])('says what to do when the %s is busy', async option => {
    const squatter = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => squatter.once('listening', resolve))
    const busy = String((squatter.address() as { port: number }).port)
    const args = option === '--port' ? ['--port', busy] : ['--port', '0', '--link-port', busy]
    const { code, stderr } = await run(args).ended
    squatter.close()
    expect(stderr).toMatch(new RegExp(`Port ${busy} is in use: choose another with --port or --link-port`))
    expect(code).toBe(2)
  })

  it('publishes stdin, and reports lines that are not JSON once', async () => {
    const server = run(['--port', '0', '--source', 'stdin'])
    const address = await server.address
    server.child.stdin?.end('{"a":1}\nnonsense\nnonsense\n"b"\n')
    await expect.poll(() => server.printed.stderr).toMatch(/2 of 4 lines were skipped/)
    expect(server.printed.stderr.match(/not JSON/g)).toHaveLength(1)
    const batch = (await (await fetch(`${address}/poll?cursor=earliest`)).json()) as {
      events: { data: unknown }[]
    }
    expect(batch.events.map(({ data }) => data)).toEqual([{ a: 1 }, 'b'])
  })
})

describe('on a signal the lab', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s: sends home an open stream, a held poll and a WebSocket that never answers, and exits with 0 within 5 s',
    async signal => {
      const server = run(['--port', '0', '--rate', '0'])
      const { port } = new URL(await server.address)
      const upgrade =
        'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
      const here = (await (await fetch(`${await server.address}/poll`)).json()) as { cursor: string }
      const stream = await rawRequest(port, '/sse')
      const held = await rawRequest(port, `/long-poll?cursor=${here.cursor}`, '', false)
      const silent = await rawRequest(port, '/ws', upgrade)
      const idle = await rawRequest(port, '/poll')
      const askedAt = performance.now()
      server.child.kill(signal)
      const { code } = await server.ended
      expect(code).toBe(0)
      expect(performance.now() - askedAt).toBeLessThan(5000)
      expect(await stream.end).toMatch(
        /event: bye\ndata: {"reason":"The server is closing.","retryMs":\d+}\n\n$/,
      )
      expect(await held.end).toMatch(/^HTTP\/1.1 200 OK.*connection: close.*"events":\[\]}$/is)
      expect(await silent.end).toMatch(/"control":"bye"/)
      await idle.end
    },
  )

  it('exits at once on a second signal', async () => {
    const server = run(['--port', '0', '--rate', '0'])
    await rawRequest(new URL(await server.address).port, '/sse')
    server.child.kill('SIGTERM')
    await new Promise(resolve => setTimeout(resolve, 50))
    server.child.kill('SIGTERM')
    expect((await server.ended).code).toBe(1)
  })
})

describe('while it starts the lab', () => {
  it.each([0, 100, 200, 300, 400])('ends on SIGTERM after %i ms, without a message', async delayMs => {
    const server = run(['--port', '0', '--rate', '0'])
    await new Promise(resolve => setTimeout(resolve, delayMs))
    server.child.kill('SIGTERM')
    const { code, stderr } = await server.ended
    // Before its code is loaded, the signal itself ends the process.
    expect([0, null]).toContain(code)
    expect(stderr).not.toMatch(/\bat .*:\d+|Error/)
  })
})

describe('under npm the lab', () => {
  /** Like its script in package.json, without the build. */
  const script = () => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8'))
    return String(scripts.start).replace('npm run --silent build', 'true')
  }
  const place = join(folder, 'under-npm')

  beforeAll(() => {
    mkdirSync(place)
    symlinkSync(join(projectRoot(), 'dist'), join(place, 'dist'))
    writeFileSync(join(place, 'package.json'), JSON.stringify({ scripts: { start: script() } }))
  })

  it.each([
    ['SIGTERM', 'npm alone'],
    ['SIGINT', 'npm alone'],
    ['SIGTERM', 'its whole group'],
    ['SIGINT', 'its whole group'],
    ['SIGHUP', 'its whole group'],
  ] as const)('sends its readers home on %s to %s', async (signal, to) => {
    const npm = runCommand('npm', ['--silent', 'start', '--', '--port', '0', '--rate', '0'], { cwd: place })
    const { port } = new URL(await npm.address)
    const stream = await rawRequest(port, '/sse')
    process.kill(to === 'npm alone' ? Number(npm.child.pid) : -Number(npm.child.pid), signal)
    expect(await stream.end).toMatch(/event: bye\n.*\n\n$/)
    await npm.ended
    await expect(fetch(`http://127.0.0.1:${port}/api/health`)).rejects.toThrow()
  })
})

describe('the lab, if its output cannot be written,', () => {
  it('goes on after the readers of stdout and stderr have gone', async () => {
    const server = run(['--port', '0', '--source', 'stdin'])
    const address = await server.address
    server.child.stdout?.destroy()
    server.child.stderr?.destroy()
    server.child.stdin?.write('nonsense\n1\n')
    await expect.poll(() => topAt(address), PATIENTLY).toBe(1)
    server.child.stdin?.end('nonsense\n2\n')
    await expect.poll(() => topAt(address), PATIENTLY).toBe(2)
    server.child.kill('SIGTERM')
    expect((await server.ended).code).toBe(0)
  })

  it.skipIf(!existsSync('/dev/full'))('goes on if the disk is full', async () => {
    const full = openSync('/dev/full', 'w')
    const port = await freePort()
    const server = run(['--port', String(port), '--link-port', 'off', '--source', 'stdin'], {}, [
      'pipe',
      full,
      full,
    ])
    closeSync(full)
    const address = `http://127.0.0.1:${port}`
    server.child.stdin?.write('nonsense\n1\n')
    await expect.poll(() => topAt(address).catch(() => null), PATIENTLY).toBe(1)
    server.child.kill('SIGTERM')
    expect((await server.ended).code).toBe(0)
  })
})

async function topAt(address: string): Promise<number> {
  return ((await (await fetch(`${address}/api/health`)).json()) as { top: number }).top
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

interface Running {
  readonly child: ChildProcess
  readonly printed: { stdout: string; stderr: string }
  readonly address: Promise<string>
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function run(
  args: readonly string[],
  env: Record<string, string> = {},
  stdio: StdioOptions = 'pipe',
): Running {
  return runCommand(process.execPath, [SERVER, ...args], { env, stdio })
}

/** Runs a command in a process group of its own. */
function runCommand(command: string, args: readonly string[], options: SpawnOptions): Running {
  const env = { PATH: process.env['PATH'], HOME: folder, ...options.env }
  const child = spawn(command, args, { ...options, env, detached: true })
  const printed = { stdout: '', stderr: '' }
  running.add(child)
  child.stderr?.on('data', chunk => {
    printed.stderr += chunk
  })
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>(resolve => {
    child.once('close', code => {
      running.delete(child)
      resolve({ code, ...printed })
    })
  })
  const address = new Promise<string>(resolve => {
    child.stdout?.on('data', chunk => {
      printed.stdout += chunk
      const line = /^(http:.*)\n/m.exec(printed.stdout)?.[1]
      if (line !== undefined) resolve(line)
    })
  })
  return { child, printed, address, ended }
}

/** Sends a request and keeps the connection open. Resolves once there is an answer, or at once if none is expected. */
async function rawRequest(
  port: string,
  path: string,
  fields = '',
  answered = true,
): Promise<{ end: Promise<string> }> {
  const socket = connect(Number(port), '127.0.0.1')
  let received = ''
  const end = new Promise<string>(resolve => socket.once('close', () => resolve(received)))
  const answer = new Promise(resolve => {
    socket.on('data', chunk => {
      received += chunk.toString('latin1')
      resolve(null)
    })
  })
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${fields}\r\n`)
  if (answered) await answer
  else await new Promise(resolve => setTimeout(resolve, 100))
  return { end }
}
