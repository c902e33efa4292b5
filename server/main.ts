import { randomBytes, randomInt } from 'node:crypto'
import type { Writable } from 'node:stream'
import { type Address, buildLab, type Lab } from './app.ts'
import { urlHost } from './gate/names.ts'
import { invitation, reachableAt } from './lan.ts'
import { type Options, readOptions } from './options.ts'
import { POLICY } from './policy.ts'
import { Refusal } from './refusal.ts'
import { onSignal } from './signals.ts'
import { SourceError } from './sources/feed.ts'
import { keepTicksFast } from './steady-ticks.ts'

/** Reads the command line and starts the lab; a signal closes it. */
async function main(): Promise<void> {
  outliveOutput(process.stdout, process.stderr)
  const signals = closeOnSignal()
  keepTicksFast()
  const options = readOptions(process.argv.slice(2))
  const seed = options.seed ?? randomInt(2 ** 32)
  const token = options.token ?? (options.lan === true ? randomBytes(16).toString('base64url') : null)
  const lab = await build(options, seed, token)
  signals.opened(lab)
  const { host, port, linkPort } = await listen(lab, options)
  const [url = `http://127.0.0.1:${port}`, ...others] = reachableAt(host).map(
    name => `http://${urlHost(name)}:${port}`,
  )
  print(
    `push-lab  source ${options.source}, seed ${seed}, ${linkPort === null ? 'no link' : `link on port ${linkPort}`}`,
  )
  process.stdout.write(`${url}\n`)
  if (options.lan === true && token !== null) process.stdout.write(`${invitation([url, ...others], token)}\n`)
}

async function build(options: Options, seed: number, token: string | null): Promise<Lab> {
  const { source, rate, timing, payload, file, speed, trustProxy } = options
  return buildLab({
    window: {
      keepEvents: options.keepEvents,
      keepSeconds: options.keepSeconds,
      keepBytes: options.keepBytes,
    },
    source: {
      kind: source,
      rate,
      timing,
      payloadBytes: payload,
      file,
      speed,
      seed,
      stdin: process.stdin,
      complain: print,
      tell: print,
    },
    policy: { ...POLICY, ...options.policy, coalesceMs: options.coalesce },
    deployment:
      trustProxy !== undefined ? { proxies: trustProxy } : options.lan === true ? 'lan' : 'loopback',
    token,
    allowHosts: options.allowHost,
    complain: error => print(`unexpected: ${error.stack ?? error.message}`),
    tell: print,
  })
}

/** The link takes the next port if it was not given one. Behind a proxy there is no link, because no client could reach it. */
async function listen(lab: Lab, options: Options): Promise<Address> {
  const { host, port } = options
  if (options.linkPort === 'off' || options.trustProxy !== undefined)
    return lab.listen({ host, port, linkPort: null })
  return lab.listen({ host, port, linkPort: options.linkPort ?? 'next' })
}

/** The first signal closes the lab and waits for its readers; a second one ends the process at once. */
function closeOnSignal(): { opened(lab: Lab): void } {
  let lab: Lab | null = null
  onSignal({
    underNpm: process.env['npm_lifecycle_event'] !== undefined,
    end() {
      if (lab === null) process.exit(0)
      lab.close().then(() => process.exit(0), fail)
    },
    endAtOnce: () => process.exit(1),
  })
  return {
    opened(built) {
      lab = built
    },
  }
}

function fail(error: unknown): never {
  process.stderr.write(`push-lab: ${sentenceOf(error)}\n`)
  process.exit(2)
}

function sentenceOf(error: unknown): string {
  if (error instanceof SourceError || error instanceof Refusal) return error.message
  const { code, port, address, message } = error as NodeJS.ErrnoException & {
    port?: number
    address?: string
  }
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use: choose another with --port or --link-port, or 0 for any free one.`
  if (code === 'EACCES') return `Choose a port above 1023: this user may not open port ${port}.`
  if (code === 'EADDRNOTAVAIL') return `Choose another --host: ${address} is not an address of this machine.`
  return message
}

function print(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
}

/**
 * Keeps the process alive when its output cannot be written: a pipe whose reader has gone (EPIPE), a full disk (ENOSPC), a
 * closed terminal (EIO). That output is lost; without a listener, the stream's `error` would end the process.
 */
function outliveOutput(...outputs: readonly Writable[]): void {
  for (const output of outputs) output.on('error', () => {})
}

main().catch(fail)
