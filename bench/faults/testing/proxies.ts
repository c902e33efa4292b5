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
  /** The name by which it is asked, and which the server must accept. */
  readonly host: string
  readonly origin: string
  /** Begins to pass requests on, or begins again with another configuration. Resolves once it is answered through. */
  start(serverPort: number, site?: Site): Promise<void>
  /** Reads its configuration again, as after a change, without a stop. */
  reload(): Promise<void>
  stop(): Promise<void>
}

/** What a person writes into the proxy's configuration. `listen` and `server` are each an address and a port. */
export type Site = (listen: string, server: string) => string

/** A program that is a proxy, and how it is run in a folder of a test's own. */
export interface ProxyProgram {
  readonly name: string
  readonly command: string
  /** The package of Debian that brings it. */
  readonly debianPackage: string
  /** What its documentation shows first for a reverse proxy, with health checks where it has any. */
  readonly site: Site
  /** The site with what every configuration begins with. */
  frame(site: string, folder: string): string
  args(folder: string): readonly string[]
  reload(child: ChildProcess, path: string, folder: string): unknown
}

const CONFIGURATION = 'configuration'
const START_MS = 10_000

/** It checks no health by itself. A WebSocket's handshake needs the lines of "WebSocket proxying". */
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
    // Started by root it gives up its rights, and then may not write into a test's folder.
    const user = process.getuid?.() === 0 ? 'user root;' : ''
    return `daemon off;\npid ${join(folder, 'pid')};\nerror_log stderr crit;\nworker_processes 1;\n${user}
events { worker_connections 512; }\nhttp {\naccess_log off;\n${folders}\n${site}\n}\n`
  },
  args: folder => ['-p', folder, '-c', join(folder, CONFIGURATION)],
  reload: child => child.kill('SIGHUP'),
}

/** As its documentation shows connections that are kept: the group's name becomes the Host, if no line prevents it. */
export const NGINX_WITH_KEEPALIVE: ProxyProgram = {
  ...NGINX,
  name: 'nginx with kept connections',
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

/** `option httpchk` asks `OPTIONS /` by HTTP/1.0, without a Host. */
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

/** Asked for health more often than every 30 s, or a server that restarts would be out for so long. */
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

/** The configuration for nginx that the lab brings along, for a public deployment. */
export const shippedNginx: Site = (listen, server) =>
  replaced(
    replaced(readFileSync(SHIPPED, 'utf8'), 'listen 80;', `listen ${listen};`),
    'server 127.0.0.1:3000;',
    `server ${server};`,
  )

/** What to do where a proxy is not installed; `null` where it is. */
export function missing({ command, debianPackage }: ProxyProgram): string | null {
  if (find(command) !== null) return null
  return `No ${command} was found, so readers behind one are not tested: apt-get install ${debianPackage}.`
}

/** Runs a proxy on a port of its own, in a folder of its own. */
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
    let said = ''
    running.stderr.on('data', chunk => {
      said += chunk
    })
    child = running
    await answered(running).catch(error => {
      throw new Error(`${program.name} does not pass requests on: ${said}`, { cause: error })
    })
  }

  async function answered(running: ChildProcess): Promise<void> {
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
  if (!text.includes(part)) throw new Error(`The shipped configuration has no "${part}" any more.`)
  return text.replace(part, by)
}
