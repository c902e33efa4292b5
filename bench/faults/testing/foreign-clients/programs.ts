import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TECHNIQUES, type Technique, TRAITS, traitsOf } from '../../../../server/protocol/techniques.ts'
import { type ForeignClient, type ReadOptions, readingMethod } from './foreign-client.ts'

/** Debian's own: another Python on the path does not see its packages. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'

const NO_PYTHON = missingModule('urllib', 'python3')
const NO_WEBSOCKETS = missingModule('websockets')
const NO_AIOHTTP = missingModule('aiohttp')
const NO_JAVA =
  spawnSync('javac', ['-version']).status === 0
    ? null
    : "Java's HttpClient is not tested, because no JDK was found: apt-get install default-jdk-headless."

/** In a program that runs for seconds the JVM's best compiler costs more than it saves. */
const QUICK_TO_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
/** Python would write what it compiles into this folder. */
const NO_CACHE = '-B'
const POLL_INTERVAL_MS = 50
const BY_HTTP = TECHNIQUES.filter(technique => !traitsOf(technique).upgrades)

/** Programs in other languages: each prints what it receives, one JSON value a line, until its stdin ends. */
export const PROGRAMS: readonly ForeignClient[] = [
  {
    name: "Python's websockets",
    missing: NO_WEBSOCKETS,
    read: ({ origin, cursor, report }) =>
      run(
        PYTHON,
        [
          NO_CACHE,
          script('websockets-reader.py'),
          origin.replace('http', 'ws') + TRAITS.websocket.endpoint,
          cursor,
        ],
        report,
      ),
  },
  ...generic("Python's aiohttp", NO_AIOHTTP, TECHNIQUES, PYTHON, NO_CACHE, script('aiohttp-reader.py')),
  ...generic("Python's urllib", NO_PYTHON, BY_HTTP, PYTHON, NO_CACHE, script('urllib-reader.py')),
  ...generic(
    "Java's HttpClient",
    NO_JAVA,
    TECHNIQUES,
    'java',
    ...QUICK_TO_START,
    script('HttpClientReader.java'),
  ),
]

/** A program that reads any of these techniques, told how by its arguments. */
function generic(
  name: string,
  missing: string | null,
  techniques: readonly Technique[],
  command: string,
  ...args: readonly string[]
): readonly ForeignClient[] {
  return techniques.map(technique => {
    const { format, path, pauseMs } = readingMethod(technique, POLL_INTERVAL_MS)
    return {
      name: `${name}: ${technique}`,
      missing,
      read: ({ origin, cursor, report }: ReadOptions) =>
        run(command, [...args, format, origin + path, cursor, String(pauseMs)], report),
    }
  })
}

function missingModule(name: string, debianPackage = `python3-${name}`): string | null {
  if (spawnSync(PYTHON, ['-c', `import ${name}`]).status === 0) return null
  return `Python's ${name} is not tested, because it was not found: apt-get install ${debianPackage}.`
}

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

function run(command: string, args: readonly string[], report: (line: string) => void): () => Promise<void> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  createInterface({ input: child.stdout }).on('line', report)
  return () => end(child)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.stdin?.end()
  const killer = setTimeout(() => child.kill('SIGKILL'), 3000)
  await exited
  clearTimeout(killer)
}
