import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { quietPort } from '../server-process.ts'

/** A real reverse proxy in front of a server. */
export interface ReverseProxy {
  /** The Host that its clients send, and that the server must accept. */
  readonly host: string
  readonly origin: string
  /** Starts it, or restarts it with another configuration. Resolves when a request has been answered through it. */
  start(serverPort: number, site?: Site): Promise<void>
  /** Makes it read its configuration again without stopping, as after a change. */
  reload(): Promise<void>
  stop(): Promise<void>
}

/** The part of a proxy's configuration that a person writes. `listen` and `server` are each an address and a port. */
export type Site = (listen: string, server: string) => string

/** A proxy, and how to run it in a folder that belongs to the test. */
export interface ProxyProgram {
  readonly name: string
  readonly command: string
  /** The Debian package to install. */
  readonly debianPackage: string
  /** What its documentation first shows for a reverse proxy, with health checks if it has any. */
  readonly site: Site
  /** The whole configuration around the site. */
  frame(site: string, folder: string): string
  args(folder: string): readonly string[]
  reload(child: ChildProcess, path: string, folder: string): unknown
}

const CONFIGURATION = 'configuration'
const START_MS = 10_000

/** It has no health checks of its own. A WebSocket needs the lines of its chapter "WebSocket proxying". */
export const NGINX: ProxyProgram = {
  name: 'nginx',
  command: 'nginx',
  debianPackage: 'nginx-light',
  site: (listen, server) => `server {
  listen ${listen};
  location / {
    proxy_pass http://${server};
  }
  location /ws {
    proxy_pass http://${server};
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
  }
}`,
  frame(site, folder) {
    const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    const folders = kinds.map(kind => `${kind}_temp_path ${join(folder, kind)};`).join('\n')
    // As root it drops its rights and then cannot write into the test's folder.
    const user = process.getuid?.() === 0 ? 'user root;' : ''
    return `daemon off;\npid ${join(folder, 'pid')};\nerror_log stderr crit;\nworker_processes 1;\n${user}
events { worker_connections 512; }\nhttp {\naccess_log off;\n${folders}\n${site}\n}\n`
  },
  args: folder => ['-p', folder, '-c', join(folder, CONFIGURATION)],
  reload: child => child.kill('SIGHUP'),
}

/** With connections that are kept open, as its documentation shows: without `Host`, the name of the group would be sent. */
export const NGINX_WITH_KEEPALIVE: ProxyProgram = {
  ...NGINX,
  name: 'nginx with keepalive',
  site: (listen, server) => `upstream http_backend {
  server ${server};
  keepalive 16;
}
server {
  listen ${listen};
  proxy_http_version 1.1;
  location / {
    proxy_pass http://http_backend;
    proxy_set_header Host $http_host;
    proxy_set_header Connection "";
  }
  location /ws {
    proxy_pass http://http_backend;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
  }
}`,
}

/** `option httpchk` sends `OPTIONS /` by HTTP/1.0, without a Host. */
export const HAPROXY: ProxyProgram = {
  name: 'HAProxy',
  command: 'haproxy',
  debianPackage: 'haproxy',
  site: (listen, server) => `defaults
  mode http
  timeout connect 5000ms
  timeout client 50000ms
  timeout server 50000ms
frontend http-in
  bind ${listen}
  default_backend servers
backend servers
  option httpchk
  server server1 ${server} maxconn 32 check`,
  frame: site => `global\n  maxconn 256\n${site}\n`,
  args: folder => ['-W', '-db', '-f', join(folder, CONFIGURATION)],
  reload: child => child.kill('SIGUSR2'),
}

/** Checks the server's health every second: with its default of 30 s, a server that restarts would be out for so long. */
export const CADDY: ProxyProgram = {
  name: 'Caddy',
  command: 'caddy',
  debianPackage: 'caddy',
  site: (listen, server) => `http://${listen} {
  reverse_proxy ${server} {
    health_uri /api/health
    health_interval 1s
  }
}`,
  frame: (site, folder) => `{\n  admin unix/${join(folder, 'admin')}\n}\n${site}\n`,
  args: folder => ['run', '--config', join(folder, CONFIGURATION), '--adapter', 'caddyfile'],
  reload: (_child, path, folder) =>
    promisify(execFile)(path, [
      ...['reload', '--force', '--config', join(folder, CONFIGURATION), '--adapter', 'caddyfile'],
      ...['--address', `unix/${join(folder, 'admin')}`],
    ]),
}

const SHIPPED = fileURLToPath(new URL('../../../server/nginx.conf', import.meta.url))

/** The configuration for nginx that comes with the lab, for a public deployment. */
export const shippedNginx: Site = (listen, server) =>
  replaced(
    replaced(readFileSync(SHIPPED, 'utf8'), 'listen 80;', `listen ${listen};`),
    'server 127.0.0.1:3000;',
    `server ${server};`,
  )

/** What to do if a proxy is not installed; `null` if it is. */
export function missing({ command, debianPackage }: ProxyProgram): string | null {
  if (find(command) !== null) return null
  return `Readers behind ${command} are not tested, because it was not found: apt-get install ${debianPackage}.`
}

/** Prepares a proxy with a port and a folder of its own. */
export async function createProxy(program: ProxyProgram): Promise<ReverseProxy> {
  const path = find(program.command) ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'push-lab-proxy-'))
  const host = `127.0.0.1:${await quietPort()}`
  const origin = `http://${host}`
  let child: ChildProcess | null = null

  return { host, origin, start, reload, stop }

  async function start(serverPort: number, site = program.site): Promise<void> {
    await end()
    const configuration = program.frame(site(host, `127.0.0.1:${serverPort}`), folder)
    writeFileSync(join(folder, CONFIGURATION), configuration)
    const running = spawn(path, program.args(folder), {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    })
    let printed = ''
    running.stderr.on('data', chunk => {
      printed += chunk
    })
    child = running
    await firstAnswer(running).catch(error => {
      throw new Error(`${program.name} does not pass requests on: ${printed}`, { cause: error })
    })
  }

  async function firstAnswer(running: ChildProcess): Promise<void> {
    const giveUpMs = performance.now() + START_MS
    for (;;) {
      const status = await fetch(`${origin}/api/health`).then(
        response => response.text().then(() => response.status),
        (error: unknown) => error,
      )
      if (status === 200) return
      if (running.exitCode !== null || performance.now() > giveUpMs) throw new Error(String(status))
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  async function reload(): Promise<void> {
    if (child !== null) await program.reload(child, path, folder)
  }

  async function stop(): Promise<void> {
    await end()
    rmSync(folder, { recursive: true, force: true })
  }

  async function end(): Promise<void> {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
}

function find(command: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map(folder => join(folder, command)).find(path => existsSync(path)) ?? null
}

function replaced(text: string, part: string, by: string): string {
  if (!text.includes(part)) throw new Error(`server/nginx.conf does not contain "${part}" any more.`)
  return text.replace(part, by)
}
