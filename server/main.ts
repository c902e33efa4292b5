import { randomBytes, randomInt } from 'node:crypto'
import { type Address, buildLab, type Lab } from './app.ts'
import { urlHost } from './gate/names.ts'
import { invitation, reachableAt } from './lan.ts'
import { type Options, readOptions } from './options.ts'
import { outliveOutput } from './outlive-output.ts'
import { POLICY } from './policy.ts'
import { Refusal } from './refusal.ts'
import { onSignal } from './signals.ts'
import { SourceError } from './sources/feed.ts'
import { keepTicksFast } from './steady-ticks.ts'

/** The command line of the lab: reads it, listens, and on a signal sends everybody home. */
async function main(): Promise<void> {
  outliveOutput(process.stdout, process.stderr)
  const home = closeOnSignal()
  keepTicksFast()
  const options = readOptions(process.argv.slice(2))
  const seed = options.seed ?? randomInt(2 ** 32)
  const token = options.token ?? (options.lan === true ? randomBytes(16).toString('base64url') : null)
  const lab = await build(options, seed, token)
  home.open(lab)
  const { host, port, linkPort } = await listen(lab, options)
  const [url = `http://127.0.0.1:${port}`, ...others] = reachableAt(host).map(
    name => `http://${urlHost(name)}:${port}`,
  )
  say(
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
      complain: say,
      tell: say,
    },
    policy: { ...POLICY, ...options.policy, coalesceMs: options.coalesce },
    deployment:
      trustProxy !== undefined ? { proxies: trustProxy } : options.lan === true ? 'lan' : 'loopback',
    token,
    allowHosts: options.allowHost,
    complain: error => say(`unexpected: ${error.stack ?? error.message}`),
    tell: say,
  })
}

/** The link takes the next port if it was not given one. Behind a proxy there is none: nobody could reach it. */
async function listen(lab: Lab, options: Options): Promise<Address> {
  const { host, port } = options
  if (options.linkPort === 'off' || options.trustProxy !== undefined)
    return lab.listen({ host, port, linkPort: null })
  return lab.listen({ host, port, linkPort: options.linkPort ?? 'next' })
}

/** The first signal drains; whoever cannot wait for that sends a second. Before there is a lab, there is nothing to drain. */
function closeOnSignal(): { open(lab: Lab): void } {
  let opened: Lab | null = null
  onSignal({
    underNpm: process.env['npm_lifecycle_event'] !== undefined,
    end() {
      if (opened === null) process.exit(0)
      opened.close().then(() => process.exit(0), fail)
    },
    endAtOnce: () => process.exit(1),
  })
  return {
    open(lab) {
      opened = lab
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
  if (code === 'EACCES') return `Port ${port} is not for you to open: choose one above 1023.`
  if (code === 'EADDRNOTAVAIL') return `${address} is no address of this machine: choose another with --host.`
  return message
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
}

main().catch(fail)
