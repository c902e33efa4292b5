import { Command, InvalidArgumentError } from 'commander'
import { TECHNIQUES, type Technique } from '../server/protocol/techniques.ts'
import { BAD_USAGE, type Output, parseCommand } from './parse-command.ts'
import { SCENARIO_IDS, type ScenarioId, TIERS, type Tier } from './scenarios/scenario.ts'
import { SCENARIOS } from './scenarios/table.ts'

export interface BenchOptions {
  readonly tier: Tier
  /** `null`: those of the tier. */
  readonly scenarios: readonly ScenarioId[] | null
  readonly techniques: readonly Technique[]
  /** Several numbers are places on an axis; `null`: as the scenario says. */
  readonly clients: readonly number[] | null
  readonly eventsPerSecond: number | null
  readonly payloadBytes: number | null
  readonly blocks: number | null
  /** `null`: drawn, and recorded. */
  readonly seed: number | null
  /** A server that runs elsewhere, measured in place of fresh ones, and its control token. */
  readonly url: string | null
  readonly token: string | null
  /** The folder in which the run's folder is made. */
  readonly out: string | null
  readonly json: boolean
}

/** The scenarios of which readers and pace can be set. */
const STEADY = SCENARIOS.filter(({ kind }) => kind === 'delivery')
  .map(({ id }) => id)
  .join(', ')

/** Either what to do, or what to print and the exit code to end with. */
export type Parsed = { readonly options: BenchOptions } | Output

export function parseOptions(args: readonly string[]): Parsed {
  const command = new Command('npm run bench --')
    .description(
      `Measures how ${TECHNIQUES.length} techniques deliver the same events to many readers. See results/README.md.`,
    )
    .option(
      '--tier <tier>',
      'quick takes 90 s at most and claims nothing, standard 20 minutes at most, full as long as it says',
      readTier,
      'quick',
    )
    .option(
      '--scenario <a,b>',
      `some of ${SCENARIO_IDS.join(', ')}; by default those of the tier`,
      readScenarios,
    )
    .option('--technique <a,b>', `some of ${TECHNIQUES.join(', ')}; all by default`, readTechniques)
    .option(
      '--clients <n,…>',
      `readers, in ${STEADY}; each arm runs with each of several numbers`,
      readEachWhole(1, 10_000),
    )
    .option('--rate <n>', `events per second, in ${STEADY}`, readWhole(1, 10_000))
    .option('--payload <bytes>', 'bytes of data in each event', readWhole(2, 65_536))
    .option('--repeats <n>', 'blocks, each running every arm once', readWhole(1, 100))
    .option(
      '--seed <n>',
      'makes the order repeatable; drawn and recorded by default',
      readWhole(0, 2 ** 32 - 1),
    )
    .option('--url <http://…>', 'measure a server that runs elsewhere: no CPU, no memory', readUrl)
    .option('--token <text>', 'the control token of that server')
    .option('--out <dir>', 'the folder in which the folder of the run is made (default: results)')
    .option(
      '--json',
      'print the run as JSON on stdout, and nothing else there: npm run --silent bench -- --json',
      false,
    )
  const ended = parseCommand(command, args)
  if (ended !== null) return ended
  const given = command.opts<Given>()
  if (given.token !== undefined && given.url === undefined) {
    return {
      exitCode: BAD_USAGE,
      stdout: '',
      stderr: 'error: --token is for a server that runs elsewhere: give its --url.\n',
    }
  }
  return {
    options: {
      tier: given.tier,
      scenarios: given.scenario ?? null,
      techniques: given.technique ?? TECHNIQUES,
      clients: given.clients ?? null,
      eventsPerSecond: given.rate ?? null,
      payloadBytes: given.payload ?? null,
      blocks: given.repeats ?? null,
      seed: given.seed ?? null,
      url: given.url ?? null,
      token: given.token ?? null,
      out: given.out ?? null,
      json: given.json,
    },
  }
}

interface Given {
  readonly tier: Tier
  readonly scenario?: ScenarioId[]
  readonly technique?: Technique[]
  readonly clients?: number[]
  readonly rate?: number
  readonly payload?: number
  readonly repeats?: number
  readonly seed?: number
  readonly url?: string
  readonly token?: string
  readonly out?: string
  readonly json: boolean
}

function readUrl(text: string): string {
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return text
  throw new InvalidArgumentError('It must be an address such as http://other-machine:3000.')
}

function readTier(text: string): Tier {
  return oneOf(TIERS, text)
}

function readScenarios(text: string): ScenarioId[] {
  return text.split(',').map(name => oneOf(SCENARIO_IDS, name))
}

function readTechniques(text: string): Technique[] {
  return text.split(',').map(name => oneOf(TECHNIQUES, name))
}

function readWhole(from: number, to: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= from && value <= to) return value
    throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`)
  }
}

function readEachWhole(from: number, to: number): (text: string) => number[] {
  const readOne = readWhole(from, to)
  return text => {
    const values = text.split(',').map(readOne)
    if (new Set(values).size === values.length) return values
    throw new InvalidArgumentError('It must not name the same number twice.')
  }
}

function oneOf<T extends string>(names: readonly T[], text: string): T {
  const found = names.find(name => name === text)
  if (found === undefined) throw new InvalidArgumentError(`It must be one of ${names.join(', ')}.`)
  return found
}
