import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Asking, ForeignClient } from './foreign-client.ts'

/** Debian's own, whose packages another Python on the path does not see. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'

const NO_PYTHON = missingModule('urllib', 'python3')
const NO_WEBSOCKETS = missingModule('websockets')
const NO_AIOHTTP = missingModule('aiohttp')
const NO_JAVA =
  spawnSync('javac', ['-version']).status === 0
    ? null
    : "No JDK was found, so Java's HttpClient is not tested: apt-get install default-jdk-headless."

/** Programs in other languages: each prints what it is told, one JSON value a line, until its stdin ends. */
export const PROGRAMS: readonly ForeignClient[] = [
  {
    name: "Python's websockets",
    missing: NO_WEBSOCKETS,
    read: ({ origin, cursor, tell }) =>
      run(PYTHON, [script('websockets-reader.py'), origin.replace('http', 'ws'), cursor], tell),
  },
  ...['long-poll', 'sse', 'websocket'].map(technique => ({
    name: `Python's aiohttp: ${technique}`,
    missing: NO_AIOHTTP,
    read: ({ origin, cursor, tell }: Asking) =>
      run(PYTHON, [script('aiohttp-reader.py'), technique, origin, cursor], tell),
  })),
  ...['poll', 'sse'].map(technique => ({
    name: `Python's urllib: ${technique}`,
    missing: NO_PYTHON,
    read: ({ origin, cursor, tell }: Asking) =>
      run(PYTHON, [script('urllib-reader.py'), technique, origin, cursor], tell),
  })),
  ...['poll', 'long-poll', 'sse', 'websocket'].map(technique => ({
    name: `Java's HttpClient: ${technique}`,
    missing: NO_JAVA,
    read: ({ origin, cursor, tell }: Asking) =>
      run('java', [...QUICK_TO_START, script('HttpClientReader.java'), technique, origin, cursor], tell),
  })),
]

/** For programs that run for seconds: the JVM's best compiler costs more than it saves. */
const QUICK_TO_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

function missingModule(name: string, debianPackage = `python3-${name}`): string | null {
  if (spawnSync(PYTHON, ['-c', `import ${name}`]).status === 0) return null
  return `Python's ${name} was not found, so it is not tested: apt-get install ${debianPackage}.`
}

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

function run(command: string, args: readonly string[], tell: (line: string) => void): () => Promise<void> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  createInterface({ input: child.stdout }).on('line', tell)
  return () => ended(child)
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.stdin?.end()
  const impatience = setTimeout(() => child.kill('SIGKILL'), 3000)
  await gone
  clearTimeout(impatience)
}
