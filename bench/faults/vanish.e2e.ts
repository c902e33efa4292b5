import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { TECHNIQUES } from '../../server/protocol/techniques.ts'

const MAIN = join(fileURLToPath(new URL('../../dist', import.meta.url)), 'server/main.js')
/** Two hosts of this test's own, each in a network namespace, with a cable between them. */
const [LAB, READER] = [`lab-${process.pid}`, `reader-${process.pid}`]
const LAB_ADDRESS = '10.213.77.1'
const POLICY = { heartbeatMs: 300, checkEveryMs: 50, pongMs: 500, unackedMs: 1500 }
const TOKEN = 'correct-horse'

const NO_HOSTS = whyNoHosts()
if (NO_HOSTS !== null) process.stdout.write(`${NO_HOSTS}\n`)

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const host of [LAB, READER]) ip('netns', 'del', host)
})

describe.skipIf(NO_HOSTS !== null)('readers that vanish without a word, as when a cable is pulled', () => {
  it('are freed, also by the second port, and whoever is there notices nothing', {
    timeout: 40_000,
  }, async () => {
    lay()
    const { page, link } = await startLab()
    const endpoints = ['/sse', '/long-poll?cursor=earliest', '/ws', '/control']
    const urls = [
      ...endpoints.map(endpoint => page + endpoint),
      ...endpoints.slice(0, 3).map(endpoint => link + endpoint),
    ]
    const readers = await read(READER, urls)
    const witness = await read(LAB, [`${page}/sse`])
    expect(await connections(page)).toBeGreaterThanOrEqual(7)
    expect(readers.exitCode).toBeNull()
    ip('-n', READER, 'link', 'set', 'cable', 'down')
    // The witness's stream, and the one that asks.
    await expect.poll(() => connections(page), { timeout: 25_000, interval: 300 }).toBe(2)
    expect(witness.exitCode).toBeNull()
  })
})

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'ignore' })
}

/** Why there can be no such hosts here; null if there can. */
function whyNoHosts(): string | null {
  try {
    ip('netns', 'add', LAB)
    ip('netns', 'del', LAB)
    return null
  } catch {
    return 'No hosts of our own (Linux, root, iproute2): readers that vanish without a word are skipped.'
  }
}

function lay(): void {
  for (const host of [LAB, READER]) ip('netns', 'add', host)
  ip('-n', LAB, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', READER)
  for (const [host, address] of [
    [LAB, LAB_ADDRESS],
    [READER, '10.213.77.2'],
  ] as const) {
    ip('-n', host, 'addr', 'add', `${address}/24`, 'dev', 'cable')
    for (const link of ['lo', 'cable']) ip('-n', host, 'link', 'set', link, 'up')
  }
}

async function startLab(): Promise<{ page: string; link: string }> {
  const args = ['--lan', '--host', LAB_ADDRESS, '--source', 'none', '--token', TOKEN]
  const child = onHost(LAB, MAIN, ...args, '--policy', JSON.stringify(POLICY))
  await once(child.stdout ?? child, 'data')
  return { page: `http://${LAB_ADDRESS}:3000`, link: `http://${LAB_ADDRESS}:3001` }
}

/** A process that reads from all these addresses until it is killed. Resolves once each has answered. */
async function read(host: string, urls: readonly string[]): Promise<ChildProcess> {
  const child = onHost(host, '-e', READ, ...urls)
  let opened = 0
  child.stdout?.on('data', bytes => {
    opened += String(bytes).length
  })
  await expect.poll(() => opened, { timeout: 10_000 }).toBeGreaterThanOrEqual(urls.length)
  return child
}

/** One dot for each connection that has got its first bytes; a long poll is held by its second ask. */
const READ = `
const { connect } = require('node:net')
const PING = Buffer.from([0x89, 0])
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
for (const url of process.argv.slice(1)) {
  const { hostname, port, host, pathname, search } = new URL(url)
  const upgrade = /ws|control/.test(pathname)
    ? 'Connection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n' : ''
  const ask = query => socket.write('GET ' + pathname + query + ' HTTP/1.1\\r\\nHost: ' + host + '\\r\\n' + upgrade + '\\r\\n')
  const socket = connect(port, hostname, () => ask(search))
  socket.once('data', () => process.stdout.write('.'))
  socket.on('data', bytes => {
    if (upgrade && bytes.includes(PING)) socket.write(PONG)
    const [, cursor] = /"cursor":"([^"]+)"/.exec(bytes) ?? []
    if (cursor && pathname === '/long-poll') ask('?wait=1&cursor=' + cursor)
  })
}`

function onHost(host: string, ...args: readonly string[]): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', host, process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  return child
}

/** How many are connected, asked from the lab's own host. */
async function connections(page: string): Promise<number> {
  const script = `fetch('${page}/api/stats').then(r => r.json()).then(s => console.log(JSON.stringify(s)))`
  const { stdout } = await promisify(execFile)('ip', ['netns', 'exec', LAB, process.execPath, '-e', script])
  const stats = JSON.parse(stdout)
  return TECHNIQUES.reduce((sum, name) => sum + stats.techniques[name].connections, stats.other.connections)
}
