import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { isBadPort } from './bad-ports.ts'
import { TIMER_MAX_MS } from './clock.ts'
import { isLoopback } from './gate/client-address.ts'
import { EVERYWHERE } from './listen.ts'
import { POLICY, type Policy } from './policy.ts'
import { projectRoot } from './project-root.ts'
import { RATE_MAX, SOURCE_KINDS, type SourceKind, TIMINGS, type Timing } from './protocol/api.ts'
import { DATA_MAX_BYTES } from './protocol/wire.ts'
import { shippedRecord } from './sources/replay.ts'

/** The command line, each option also as an environment variable PUSHLAB_<NAME>. */
export interface Options {
  readonly port: number
  readonly host: string
  readonly lan?: true
  readonly token?: string
  readonly trustProxy?: readonly string[]
  readonly allowHost: readonly string[]
  readonly linkPort?: number | 'off'
  readonly source: SourceKind
  readonly file: string
  readonly rate: number
  readonly timing: Timing
  readonly speed: number
  readonly payload: number
  readonly coalesce: number
  readonly keepEvents: number
  readonly keepSeconds: number
  readonly keepBytes: number
  readonly seed?: number
  readonly policy?: Partial<Policy>
}

/** Reads the arguments (without node and the script). Exits for --help and --version, and with 2 for wrong usage. */
export function readOptions(args: readonly string[]): Options {
  const command = new Command('push-lab')
    .description('Polling, long polling, WebSocket and Server-Sent Events, side by side, from one event log.')
    .version(packageVersion())
    .allowExcessArguments(false)
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: (text, write) => write(text) })
    .exitOverride(error => process.exit(error.exitCode === 0 ? 0 : 2))
  for (const option of optionTable()) command.addOption(option)
  const options = command.parse(args, { from: 'user' }).opts<Partial<Options>>()
  const host = options.host ?? (options.lan === true ? EVERYWHERE : '127.0.0.1')
  if (options.lan !== true && options.trustProxy === undefined && host !== 'localhost' && !isLoopback(host)) {
    command.error(
      `error: add --lan to listen beyond loopback: anyone who can reach ${host} can then read the events.`,
    )
  }
  return { ...(options as Options), host }
}

function optionTable(): Option[] {
  return [
    named('--port <n>', 'port of the page and the endpoints; 0 picks a free one', 'PORT')
      .default(3000)
      .argParser(port),
    named(
      '--host <address>',
      'address to listen on (default: 127.0.0.1, all of them with --lan)',
      'HOST',
    ).argParser(address),
    named(
      '--lan',
      'let others join: listen on the network, print the address, a QR code and the control token',
    ),
    named(
      '--token <text>',
      'what commands must send as Authorization: Bearer (with --lan: drawn at start)',
    ).argParser(token),
    named(
      '--trust-proxy <address,…>',
      'the reverse proxies in front of the server; their X-Forwarded-For is believed',
    ).argParser(addresses),
    named('--allow-host <name:port>', 'a further Host name to accept; may be given again')
      .default([])
      .argParser(gathered),
    named(
      '--link-port <n|off>',
      'port of the link, which the lanes use; off for none (default: port + 1, or any free one)',
    ).argParser(portOrOff),
    named('--source <kind>', 'what publishes').choices(SOURCE_KINDS).default('replay'),
    named('--file <path>', 'NDJSON file for --source replay').default(
      shippedRecord(),
      'a real week of earthquakes',
    ),
    named('--rate <n>', 'events per second; 0 is silent').default(2).argParser(number(0, RATE_MAX)),
    named('--timing <kind>', 'when it publishes').choices(TIMINGS).default('poisson'),
    named('--speed <n>', 'how much faster than the record to replay it, for --timing recorded')
      .default(600)
      .argParser(number(0.001, 1e9)),
    named('--payload <bytes>', 'bytes of data as text, for --source synthetic')
      .default(128)
      .argParser(integer(1, DATA_MAX_BYTES)),
    named('--coalesce <ms>', 'how long a stream may wait to put more events into one write')
      .default(0)
      .argParser(integer(0, 10_000)),
    named('--keep-events <n>', 'events to keep for readers that come back')
      .default(100_000)
      .argParser(integer(1, 10_000_000)),
    named('--keep-seconds <n>', 'how long to keep them, in seconds')
      .default(120)
      .argParser(number(0.001, 1e9)),
    named('--keep-bytes <n>', 'how much of their text to keep, in bytes')
      .default(16_777_216)
      .argParser(integer(1, 2 ** 40)),
    named('--seed <n>', 'makes the source repeatable (default: drawn at start and printed)').argParser(
      integer(0, 2 ** 32 - 1),
    ),
    named(
      '--policy <json>',
      'figures of the delivery contract, for tests that run at a fraction of real time',
    )
      .argParser(policy)
      .hideHelp(),
  ]
}

/** An option with its environment variable; `plain` names a conventional variable that works as well. */
function named(flags: string, description: string, plain?: 'PORT' | 'HOST'): Option {
  const option = new Option(flags, description)
  const ours = `PUSHLAB_${option.name().toUpperCase().replaceAll('-', '_')}`
  const names = plain === undefined ? [ours] : [ours, plain]
  const meant = names.find(name => isMeant(name, option))
  // Commander uses any variable that is set, so a variable that is not meant for the lab must not be named to it.
  const unset = names.findLast(name => process.env[name] === undefined)
  const name = meant ?? unset
  return name === undefined ? option : option.env(name)
}

/**
 * Whether a variable is set, and meant for the lab. An empty one does not count, nor a switch that is off. Shells set
 * `HOST` to the machine's name (tcsh) or platform (conda), and containers that are linked to a service with the lab's
 * name set `PUSHLAB_PORT` to its URL.
 */
function isMeant(name: string, option: Option): boolean {
  const value = process.env[name] ?? ''
  if (value === '') return false
  if (option.isBoolean()) return !/^(0|false|no|off)$/i.test(value)
  if (name === 'HOST') return value === 'localhost' || isIP(value) !== 0
  if (name === 'PORT') return /^\d+$/.test(value)
  return !(name.endsWith('PORT') && /^(tcp|udp|sctp):\/\//.test(value))
}

function number(least: number, most: number): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`)
  }
}

function integer(least: number, most: number): (text: string) => number {
  return text => {
    if (/^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text)
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`)
  }
}

function port(text: string): number {
  const value = integer(0, 65_535)(text)
  if (value === 0 || !isBadPort(value)) return value
  throw new InvalidArgumentError('Give another port: browsers refuse to connect to this one.')
}

function portOrOff(text: string): number | 'off' {
  return text === 'off' ? text : port(text)
}

function address(text: string): string {
  if (text === 'localhost' || isIP(text) !== 0) return text
  throw new InvalidArgumentError('Give an IP address of this machine.')
}

function addresses(text: string): readonly string[] {
  const list = text.split(',').map(item => item.trim())
  if (list.every(item => isIP(item.replace(/\/\d{1,3}$/, '')) !== 0)) return list
  throw new InvalidArgumentError('Give IP addresses, or ranges such as 10.0.0.0/8, with commas between them.')
}

function token(text: string): string {
  if (/^[!-~]{8,256}$/.test(text)) return text
  throw new InvalidArgumentError('Give 8 to 256 visible characters without spaces.')
}

function gathered(text: string, before: readonly string[]): readonly string[] {
  if (/^[A-Za-z0-9.[\]:-]{1,255}$/.test(text)) return [...before, text]
  throw new InvalidArgumentError('Give a host name as a browser sends it, with its port.')
}

/** Some of the figures of `POLICY`, as JSON. Most of them are lengths of timers. */
function policy(text: string): Partial<Policy> {
  try {
    const given: unknown = JSON.parse(text)
    if (isPartOf(POLICY, given)) return given
  } catch {}
  throw new InvalidArgumentError('Give some of the figures in server/policy.ts, as JSON.')
}

/** Whether each given value is a number where `whole` has one, or an object with all the numbers of `whole`'s object. */
function isPartOf<T extends object>(whole: T, given: unknown): given is Partial<T> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false
  return Object.entries(given).every(([key, value]) => {
    const here: unknown = Object.hasOwn(whole, key) ? whole[key as keyof T] : undefined
    if (typeof here === 'number') return typeof value === 'number' && value >= 0 && value <= TIMER_MAX_MS
    if (typeof here !== 'object' || here === null) return false
    return isPartOf(here, value) && Object.keys(value).length === Object.keys(here).length
  })
}

function packageVersion(): string {
  return JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')).version
}
