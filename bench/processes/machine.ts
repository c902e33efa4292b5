/** The machine and the software of a run, read by the process that takes it. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { findProjectRoot } from '../project-root.ts'

const ROOT = findProjectRoot()
const PACKAGES = ['fastify', '@fastify/websocket', 'ws', 'autocannon', 'hdr-histogram-js'] as const
const PAGE_BYTES = 4096

export interface Commit {
  /** Short hash; `null` outside a git checkout or before the first commit. */
  readonly hash: string | null
  /** Something outside `results/` differs from the commit. */
  readonly dirty: boolean
}

export function readCommit(): Commit {
  const hash = output('git', ['rev-parse', '--short=10', 'HEAD'])
  const changed = output('git', ['status', '--porcelain', '--', '.', ':!results'])
  return { hash, dirty: hash === null || changed !== '' }
}

/** Name → value in display order. */
export function readMachine(): Record<string, string | number | null> {
  return {
    node: process.version,
    v8: process.versions.v8,
    ...Object.fromEntries(PACKAGES.map(name => [name, packageVersion(name)])),
    cpu: cpus()[0]?.model ?? null,
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    virtualisation: output('systemd-detect-virt', ['--vm']) ?? (readHypervisorFlag() ? 'a hypervisor' : null),
    openFilesLimit: readOpenFilesLimit(),
    listenBacklog: readText('/proc/sys/net/core/somaxconn'),
  }
}

/** How many files this process, and each that it starts, may have open; `null` where the kernel does not say. */
export function readOpenFilesLimit(): number | null {
  const limit = /^Max open files +(\d+)/m.exec(readText('/proc/self/limits') ?? '')?.[1]
  return limit === undefined ? null : Number(limit)
}

/** Jiffies stolen by the host, and all jiffies, since boot; `null` where the kernel does not say. */
export function readSteal(): { readonly stolen: number; readonly all: number } | null {
  const line = readText('/proc/stat')?.split('\n')[0]
  if (line === undefined) return null
  const jiffies = line.split(/\s+/).slice(1, 9).map(Number)
  return { stolen: jiffies[7] ?? 0, all: jiffies.reduce((sum, n) => sum + n, 0) }
}

/** The share of the machine's time that the host took since `from`; `null` where the kernel does not say. */
export function stealSince(from: ReturnType<typeof readSteal>): number | null {
  const to = readSteal()
  if (from === null || to === null || to.all === from.all) return null
  return (to.stolen - from.stolen) / (to.all - from.all)
}

/** Bytes that the kernel holds in TCP buffers, of all processes; `null` where it does not say. */
export function readSocketMemory(): number | null {
  const pages = /^TCP: .* mem (\d+)/m.exec(readText('/proc/net/sockstat') ?? '')?.[1]
  return pages === undefined ? null : Number(pages) * PAGE_BYTES
}

/**
 * Connections that found a full listen queue since boot, of all processes: each waits a second or more for the kernel's
 * next try. `null` where the kernel does not say.
 */
export function readListenOverflows(): number | null {
  const text = readText('/proc/net/netstat')
  return text === null ? null : listenOverflowsIn(text)
}

/**
 * `/proc/net/netstat` has a line of names and one of values for each protocol. Drops include the overflows, and also
 * connections that were refused for lack of memory.
 */
export function listenOverflowsIn(netstat: string): number | null {
  const [names = [], values = []] = netstat
    .split('\n')
    .filter(line => line.startsWith('TcpExt:'))
    .map(line => line.split(/\s+/))
  const counts = ['ListenOverflows', 'ListenDrops'].map(name => values[names.indexOf(name)])
  const known = counts.filter(count => count !== undefined).map(Number)
  return known.length === 0 ? null : Math.max(...known)
}

function packageVersion(name: string): string | null {
  const text = readText(`${ROOT}/node_modules/${name}/package.json`)
  return text === null ? null : (JSON.parse(text) as { version: string }).version
}

function readHypervisorFlag(): boolean {
  return /^flags.*\bhypervisor\b/m.test(readText('/proc/cpuinfo') ?? '')
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}

function output(command: string, args: readonly string[]): string | null {
  try {
    return execFileSync(command, args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}
