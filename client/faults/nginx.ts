import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quietPort } from './server-process.ts'
import { until } from './until.ts'

/** A real nginx in front of a server. */
export interface Nginx {
  /** The name by which it is asked, and which the server must accept. */
  readonly host: string
  readonly origin: string
  /** Begins to pass requests on, or does so differently. */
  start(serverPort: number, change?: (configuration: string) => string): Promise<void>
  stop(): Promise<void>
}

export const HOW_TO_GET_NGINX =
  'No nginx was found, so readers behind one are not tested: apt-get install nginx-light.'

const SHIPPED = fileURLToPath(new URL('../../server/nginx.conf', import.meta.url))

export function findNginx(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map(folder => join(folder, 'nginx')).find(path => existsSync(path)) ?? null
}

/** Runs the shipped configuration with ports of its own, in a folder of its own, and changed as a test wants it. */
export async function createNginx(path: string): Promise<Nginx> {
  const port = await quietPort()
  const folder = mkdtempSync(join(tmpdir(), 'push-lab-nginx-'))
  const host = `127.0.0.1:${port}`
  let child: ReturnType<typeof spawn> | null = null

  return { host, origin: `http://${host}`, start, stop }

  async function start(serverPort: number, change = (text: string) => text): Promise<void> {
    await end()
    const shipped = readFileSync(SHIPPED, 'utf8')
    const site = replaced(
      replaced(shipped, 'listen 80;', `listen ${host};`),
      'server 127.0.0.1:3000;',
      `server 127.0.0.1:${serverPort};`,
    )
    const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    const folders = kinds.map(kind => `${kind}_temp_path ${join(folder, kind)};`).join('\n')
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off;\npid ${join(folder, 'pid')};\nerror_log stderr crit;\nworker_processes 1;\n${asRoot()}
events { worker_connections 512; }\nhttp {\naccess_log off;\n${folders}\n${change(site)}\n}\n`,
    )
    const running = spawn(path, ['-p', folder, '-c', join(folder, 'nginx.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    running.stderr.on('data', chunk => {
      said += chunk
    })
    child = running
    await until('nginx', () => existsSync(join(folder, 'pid')) || running.exitCode !== null, 10_000)
    if (running.exitCode !== null) throw new Error(`nginx did not start: ${said}`)
    await reached(host)
  }

  async function stop(): Promise<void> {
    await end()
    rmSync(folder, { recursive: true, force: true })
  }

  async function end(): Promise<void> {
    if (child === null || child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
}

/** nginx started by root gives up its rights, and then may not write into a test's folder. */
function asRoot(): string {
  return process.getuid?.() === 0 ? 'user root;' : ''
}

function replaced(text: string, part: string, by: string): string {
  if (!text.includes(part)) throw new Error(`The shipped configuration has no "${part}" any more.`)
  return text.replace(part, by)
}

async function reached(host: string): Promise<void> {
  let answered = false
  const ask = () =>
    fetch(`http://${host}/api/health`).then(
      response => {
        answered = response.ok
        return response.text()
      },
      () => {},
    )
  for (let tries = 0; tries < 50 && !answered; tries += 1) {
    await ask()
    await new Promise(resolve => setTimeout(resolve, answered ? 0 : 50))
  }
  if (!answered) throw new Error('nginx passes nothing on.')
}
