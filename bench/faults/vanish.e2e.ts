import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { Stats } from '../../server/protocol/api.ts'
import {
  asksAtIntervals,
  CONTROL_ENDPOINT,
  isHeld,
  isStream,
  TECHNIQUES,
  type Technique,
  traitsOf,
} from '../../server/protocol/techniques.ts'
import { startServerProcess } from './server-process.ts'

/** Two hosts that belong to this test, each in a network namespace, with a cable between them. */
const [LAB, READER] = [`lab-${process.pid}`, `reader-${process.pid}`]
const LAB_ADDRESS = '10.213.77.1'
const READER_ADDRESS = '10.213.77.2'
const POLICY = { heartbeatMs: 300, checkEveryMs: 50, pongMs: 500, unackedMs: 1500 }

const NO_HOSTS = whyNoHosts()
if (NO_HOSTS !== null) process.stderr.write(`${NO_HOSTS}\n`)

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
  for (const host of [LAB, READER]) ip('netns', 'del', host)
})

describe.skipIf(NO_HOSTS !== null)('readers that vanish without closing, as when a cable is pulled', () => {
  it('are freed, those of the link as well, and a reader that is still there notices nothing', {
    timeout: 40_000,
  }, async () => {
    connectHosts()
    const { page, link } = await startLab()
    const waiting = TECHNIQUES.filter(technique => !asksAtIntervals(technique))
    const stream = TECHNIQUES.find(isStream)
    if (stream === undefined) throw new Error('There is no stream.')
    const connections: Connection[] = [
      ...[page, link].flatMap(origin => waiting.map(technique => connectionOf(technique, origin))),
      { url: page + CONTROL_ENDPOINT, upgrades: true, held: false },
    ]
    const vanishing = await openConnections(READER, connections)
    const staying = await openConnections(LAB, [connectionOf(stream, page)])
    expect(await countConnections(page)).toBeGreaterThanOrEqual(connections.length)
    expect(vanishing.exitCode).toBeNull()
    ip('-n', READER, 'link', 'set', 'cable', 'down')
    // The stream of the reader that stays, and the request that counts.
    await expect.poll(() => countConnections(page), { timeout: 25_000, interval: 300 }).toBe(2)
    expect(staying.exitCode).toBeNull()
  })
})

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'ignore' })
}

/** Why there can be no such hosts here; `null` if there can. */
function whyNoHosts(): string | null {
  try {
    ip('netns', 'add', LAB)
    ip('netns', 'del', LAB)
    return null
  } catch {
    return 'Readers that vanish are not tested: network namespaces need Linux, root and iproute2.'
  }
}

function connectHosts(): void {
  for (const host of [LAB, READER]) ip('netns', 'add', host)
  ip('-n', LAB, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', READER)
  for (const [host, address] of [
    [LAB, LAB_ADDRESS],
    [READER, READER_ADDRESS],
  ] as const) {
    ip('-n', host, 'addr', 'add', `${address}/24`, 'dev', 'cable')
    for (const device of ['lo', 'cable']) ip('-n', host, 'link', 'set', device, 'up')
  }
}

function onHost(host: string): readonly string[] {
  return ['ip', 'netns', 'exec', host]
}

/** The link takes the port after the page's. */
async function startLab(): Promise<{ page: string; link: string }> {
  const server = await startServerProcess({
    runner: onHost(LAB),
    args: ['--lan', '--host', LAB_ADDRESS, '--source', 'none'],
    token: 'correct-horse',
    policy: POLICY,
  })
  cleanUps.push(() => server.kill())
  return { page: server.origin, link: `http://${LAB_ADDRESS}:${server.port + 1}` }
}

interface Connection {
  readonly url: string
  readonly upgrades: boolean
  readonly held: boolean
}

function connectionOf(technique: Technique, origin: string): Connection {
  const { endpoint, upgrades } = traitsOf(technique)
  return { url: `${origin}${endpoint}?cursor=earliest`, upgrades, held: isHeld(technique) }
}

/** A process that keeps these connections until it is killed. Resolves when each has received something. */
async function openConnections(host: string, connections: readonly Connection[]): Promise<ChildProcess> {
  const [command = '', ...args] = [...onHost(host), process.execPath, '-e', HOLD, JSON.stringify(connections)]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  cleanUps.push(() => child.kill('SIGKILL'))
  let opened = 0
  child.stdout.on('data', dots => {
    opened += String(dots).length
  })
  await expect.poll(() => opened, { timeout: 10_000 }).toBeGreaterThanOrEqual(connections.length)
  return child
}

/** Prints a dot for each connection that has received its first bytes. A long poll is held from its second request on. */
const HOLD = `
const { connect } = require('node:net')
const PING = Buffer.from([0x89, 0])
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
const UPGRADE = 'Connection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n'
for (const { url, upgrades, held } of JSON.parse(process.argv[1])) {
  const { hostname, port, host, pathname, search } = new URL(url)
  const request = query =>
    socket.write('GET ' + pathname + query + ' HTTP/1.1\\r\\nHost: ' + host + '\\r\\n' + (upgrades ? UPGRADE : '') + '\\r\\n')
  const socket = connect(port, hostname, () => request(search))
  socket.once('data', () => process.stdout.write('.'))
  socket.on('data', bytes => {
    if (upgrades && bytes.includes(PING)) socket.write(PONG)
    const [, cursor] = /"cursor":"([^"]+)"/.exec(bytes) ?? []
    if (held && cursor) request('?wait=1&cursor=' + cursor)
  })
}`

/** The connections that the server counts, read on its own host. */
async function countConnections(page: string): Promise<number> {
  const script = `fetch('${page}/api/stats').then(r => r.json()).then(s => console.log(JSON.stringify(s)))`
  const [command = '', ...args] = [...onHost(LAB), process.execPath, '-e', script]
  const { stdout } = await promisify(execFile)(command, args)
  const { techniques, other } = JSON.parse(stdout) as Stats
  return TECHNIQUES.reduce((sum, technique) => sum + techniques[technique].connections, other.connections)
}
