/** Every English sentence about a run of the bench: one entry for each code, metric, scenario, check and setting. */
import type {
  Arm,
  Calibration,
  Comparison,
  Fact,
  MetricSubject,
  Param,
  Params,
  Place,
  RunTrial,
  TrialCheck,
  Verdict,
} from '../../../server/protocol/run.ts'
import type { Technique } from '../../../server/protocol/techniques.ts'
import { formatCount, formatMs, formatPercent, formatShare, formatSpan, formatValue } from '../format.ts'

const plural = (count: number, one: string, many: string) =>
  `${formatCount(count)} ${count === 1 ? one : many}`
/** A noise band, |ln ratio|: `± 9.2 %`, and from the double on `× or ÷ 4.9`, since nothing is less by 388 %. */
const band = (lnRatio: number) =>
  lnRatio < Math.LN2
    ? `± ${formatShare(Math.expm1(lnRatio))}`
    : `× or ÷ ${formatValue(Number(Math.exp(lnRatio).toPrecision(2)))}`
const less = (lnRatio: number) => `< ${formatShare(Math.expm1(lnRatio))}`

// ------------------------------------------------------------------------------------------------ names

export const ARM_NAMES: Readonly<Record<Arm, string>> = {
  poll: 'Polling',
  'long-poll': 'Long polling',
  sse: 'SSE',
  websocket: 'WebSocket',
  'fetch-stream': 'Fetch streaming',
  tcp: 'TCP floor',
  http: 'HTTP floor',
}

/** `TCP floor, bytes of SSE`. A name from a newer run stands for itself. */
export function armName(arm: Arm, as: Technique | null = null): string {
  const name = ARM_NAMES[arm] ?? arm
  return as === null ? name : `${name}, bytes of ${ARM_NAMES[as] ?? as}`
}

/** `Distance: WebSocket, RTT 100 ms`, `Delivery: SSE, once more`. */
export function trialName({
  scenario,
  arm,
  as,
  at,
  twin,
}: Pick<RunTrial, 'scenario' | 'arm' | 'as' | 'at' | 'twin'>): string {
  const words = [armName(arm, as), at === null ? '' : placeLabel(at), twin ? runText.checks.again : '']
  return `${scenarioTitle(scenario)}: ${words.filter(Boolean).join(', ')}`
}

const VERDICTS = {
  ok: { mark: '', word: 'ok' },
  flagged: { mark: '⚑', word: 'flagged' },
  refused: { mark: '⊘', word: 'refused' },
  failed: { mark: '✕', word: 'failed' },
} as const satisfies Record<Verdict, object>

export function verdictMark(verdict: Verdict): string {
  return VERDICTS[verdict].mark
}

/** `⚑ flagged`; nothing of what is `ok`. */
export function verdictText(verdict: Verdict): string {
  return verdict === 'ok' ? '' : `${VERDICTS[verdict].mark} ${VERDICTS[verdict].word}`
}

interface ScenarioText {
  readonly title: string
  readonly question: string
  /** What a table of it is called, where the subject of its metrics does not say enough. */
  readonly tables?: Partial<Readonly<Record<MetricSubject, string>>>
  /** What one must know to read its figures. */
  readonly note?: string
}

const SCENARIOS: Readonly<Record<string, ScenarioText>> = {
  delivery: {
    title: 'Delivery',
    question: 'How late is an event, and what does it cost to bring it to one reader?',
  },
  throughput: {
    title: 'Throughput',
    question: 'How many polls can one core answer, and what does a new connection for each cost?',
  },
  connections: {
    title: 'Connections',
    question: 'What does a connection cost to open, to hold while nothing happens, and to close?',
  },
  capacity: { title: 'Capacity', question: 'How much can be offered before events come late?' },
  idle: { title: 'Idle', question: 'What does a connection cost while nothing happens?' },
  'large-fan-out': {
    title: 'Large fan-out',
    question: 'Do ten thousand readers all get an event, and how late is the last?',
  },
  sparse: { title: 'Sparse', question: 'What does waiting cost with one event every ten seconds?' },
  burst: {
    title: 'Burst',
    question: 'A hundred events in one turn of the event loop: when do all readers have the last?',
  },
  reconnect: {
    title: 'Reconnect',
    question: 'All readers are cut at once: what does it cost to bring them back and up to date?',
  },
  'slow-reader': {
    title: 'Slow reader',
    question: 'Some readers stop reading: who pays for it?',
    tables: { lateness: 'How late it is for the others' },
    note: 'The server keeps writing to a reader that has stopped until the kernel’s buffers at both ends are full. It cuts the connection when its write has not drained 10 s after that. “Stopped reading to cut” is both times together. What the buffers hold is the kernel’s memory and not part of the server’s.',
  },
  distance: {
    title: 'Distance',
    question: 'Which technique pays the distance once, and which twice?',
    note: 'The link runs in the server’s process, so the CPU figures are of both together.',
  },
  'poll-interval': {
    title: 'Poll interval',
    question: 'How stale is a poll, and what does a shorter interval cost?',
    tables: { lateness: 'How stale' },
  },
}

export function scenarioTitle(scenario: string): string {
  return SCENARIOS[scenario]?.title ?? scenario
}

export function scenarioText(scenario: string): Partial<ScenarioText> {
  return SCENARIOS[scenario] ?? {}
}

const SUBJECTS = {
  lateness: 'How late',
  rate: 'How many',
  cost: 'What it costs the server',
  wire: 'What crosses the wire',
  rest: 'What else was measured',
} as const satisfies Record<MetricSubject, string>

export function tableTitle(scenario: string, subject: MetricSubject): string {
  return SCENARIOS[scenario]?.tables?.[subject] ?? SUBJECTS[subject]
}

const METRICS: Readonly<Record<string, string>> = {
  any: 'all figures',
  'latency-p50': 'latency, median',
  'latency-p90': 'latency, 90th percentile',
  'latency-p99': 'latency, 99th percentile',
  'latency-mean': 'latency, mean',
  'latency-max': 'latency, maximum',
  'schedule-lag-p50': 'schedule lag of the source, median',
  'schedule-lag-max': 'schedule lag of the source, maximum',
  'delivery-p99': '99 % of all deliveries within',
  'completion-p50': 'last sentinel reached, median',
  'completion-p90': 'last sentinel reached, 90th percentile',
  'completion-p99': 'last sentinel reached, 99th percentile',
  'completion-max': 'last sentinel reached, maximum',
  completeness: 'delivered ÷ expected',
  lost: 'deliveries lost',
  repeated: 'deliveries repeated',
  disordered: 'deliveries out of order',
  'cpu-per-delivery': 'server CPU per delivery',
  'cpu-per-request': 'server CPU per answered request',
  'times-floor': 'CPU ÷ physical floor',
  'requests-per-event': 'requests per delivered event',
  'wire-down': 'bytes down per delivered event',
  'wire-payload': '… of which event text',
  'wire-framing': '… of which framing',
  'wire-headers': '… of which headers',
  'wire-up': 'bytes up per delivered event',
  'capacity-deliveries': 'deliveries at the limit',
  'capacity-events': 'events at the limit',
  'capacity-cpu': 'server CPU per delivery at the limit',
  'idle-requests': 'requests per connection and idle minute',
  'idle-bytes': 'bytes per connection and idle minute, both ways',
  'idle-cpu': 'server CPU per connection and idle minute',
  'burst-p50': 'last event of a burst at its last sentinel, median',
  'burst-max': 'last event of a burst at its last sentinel, maximum',
  'return-p50': 'connect to caught up, median',
  'return-p90': 'connect to caught up, 90th percentile',
  'return-max': 'connect to caught up, maximum',
  'cpu-per-return': 'server CPU per reader that returns and catches up',
  'held-per-slow-reader': 'server memory per reader that stopped reading, at most',
  'slow-readers-cut': 'readers that stopped reading and were cut',
  'cut-after': 'stopped reading to cut, median',
  'cut-after-max': 'stopped reading to cut, maximum',
  'throughput-empty': 'polls with nothing new (304)',
  'throughput-full': 'polls with a full batch (200)',
  'throughput-cannon': 'polls with nothing new (200), by autocannon',
  'throughput-fleet': 'polls with nothing new (200), by the fleet',
  'instruments-agree': 'polls by autocannon ÷ polls by the fleet',
  'cpu-per-request-empty': 'server CPU per poll with nothing new',
  'cpu-per-request-full': 'server CPU per poll with a full batch',
  'cpu-per-opening': 'server CPU per connection opened for one poll',
  'connect-p50': 'connect to first byte, median',
  'connect-p90': 'connect to first byte, 90th percentile',
  'connect-max': 'connect to first byte, maximum',
  'cpu-per-connection': 'server CPU per accepted connection',
  'cpu-per-closing': 'server CPU per closed connection',
  'memory-per-connection': 'memory (RSS) per idle connection, after GC',
  'heap-per-connection': '… of which heap',
  'external-per-connection': '… of which external',
  'kernel-per-connection': 'socket buffers in the kernel, both ends',
}

/** The name of a metric from a newer run is its id. */
export function metricTitle(metric: string): string {
  return METRICS[metric] ?? metric.replaceAll('-', ' ')
}

const UNITS: readonly (readonly [ending: string, unit: string])[] = [
  ['Ms', ' ms'],
  ['Seconds', ' s'],
  ['PerSecond', '/s'],
  ['Bytes', ' B'],
  ['GB', ' GB'],
]

/** `pollIntervalMs` and 197 → `poll interval` and `197 ms`: the names in a run carry their units. */
export function settingText(name: string, value: unknown): readonly [name: string, value: string] {
  const [ending, unit] = UNITS.find(([end]) => name.endsWith(end)) ?? ['', '']
  const said = value === null ? 'none' : `${plainText(value)}${unit}`
  // A name with other characters in it is a package's.
  if (!/^[a-zA-Z0-9]+$/.test(name)) return [name, said]
  const words = name.slice(0, name.length - ending.length).replace(/([a-z])([A-Z])/g, '$1 $2')
  return [words.toLowerCase(), said]
}

function plainText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.map(plainText).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const PLACES: Readonly<Record<string, (value: number) => string>> = {
  distanceMs: ms => `RTT ${formatCount(2 * ms)} ms`,
  pollIntervalMs: ms => `T ${formatCount(ms)} ms`,
  readers: count => plural(count, 'reader', 'readers'),
  spreadMs: ms => (ms === 0 ? 'at once' : `over ${formatMs(ms)}`),
  stalled: count => (count === 0 ? 'all read' : `${formatCount(count)} stopped`),
}

/** `RTT 100 ms` of 50 ms one way. */
export function placeLabel({ axis, value, and }: Place): string {
  const own = PLACES[axis]?.(value) ?? settingText(axis, value).join(' ')
  return and === undefined ? own : `${own}, ${placeLabel(and)}`
}

// ------------------------------------------------------------------------------------------------ facts

type Sentence = (params: Params) => string

const range = (param: Param | undefined, format: (value: number) => string): string => {
  if (param === undefined || param === null) return '–'
  if (typeof param === 'number') return format(param)
  if (typeof param === 'object' && 'low' in param) return formatSpan(param, format)
  if (typeof param === 'object') return param.map(each => range(each, format)).join(', ')
  return String(param)
}
/** A number, a range of it, or a list. */
const num = (param: Param | undefined) => range(param, formatValue)
const share = (param: Param | undefined) => `${range(param, formatPercent)} %`

const whole = (param: Param | undefined) => range(param, formatCount)
const list = (param: Param | undefined) => (Array.isArray(param) ? param : [param]).map(String)
const scenarios = (param: Param | undefined) => list(param).map(scenarioTitle).join(', ')
const ends = (param: Param | undefined) => {
  if (typeof param === 'number') return { low: param, high: param }
  return typeof param === 'object' && param !== null && 'low' in param ? param : { low: 0, high: 0 }
}
const isOne = (param: Param | undefined) => ends(param).high === 1

/** `5.7–32 % less`, `6.2 % more`, or `between 5 % less and 7 % more`. */
function moreOrLess(param: Param | undefined): string {
  const { low, high } = ends(param)
  if (low < 0 && high > 0) return `between ${formatShare(-low)} less and ${formatShare(high)} more`
  const size = { low: Math.min(Math.abs(low), Math.abs(high)), high: Math.max(Math.abs(low), Math.abs(high)) }
  return `${formatSpan(size, formatPercent)} % ${high > 0 ? 'more' : 'less'}`
}

const CANNON_PARTS: Readonly<Record<string, string>> = {
  empty: 'polls with nothing new (304)',
  full: 'polls with a full batch',
  plain: 'polls with nothing new (200)',
  opening: 'connections opened for one poll',
  fleet: 'polls by the fleet',
}
const parts = (param: Param | undefined) =>
  list(param)
    .map(part => CANNON_PARTS[part] ?? part)
    .join(', ')

const CAUSES: Readonly<Record<string, string>> = {
  pace: 'the polls cost the same, so only the pace of the requests differed.',
  waking:
    'the server has to wake it for an answer, so that may be why the polls of the instrument that slept more cost more.',
  unknown: 'that does not explain it, and the cause is not known.',
}

const CIRCUMSTANCES: Readonly<Record<string, string>> = {
  machine: 'the machine',
  node: 'Node',
  pinning: 'the pinning',
  tier: 'the tier',
}

const FACTS: Readonly<Record<string, Sentence>> = {
  // Checks of a trial.
  'connections-broken': p =>
    `${isOne(p['count']) ? '1 connection' : `${whole(p['count'])} connections`} broke, the first with: ${list(p['first']).join('; ')}.`,
  'generator-bound': p =>
    `The load process was busy ${share(p['share'])} of the time, so it may have been the limit itself.`,
  'reading-dominates': p =>
    `Until the last read the load process was busy reading for ${share(p['share'])} of the time, so this is an upper bound.`,
  'server-not-full': p =>
    `The server’s core was busy only ${share(p['share'])} of the time, so this is the limit of the load process and a lower bound (${parts(p['part'])}).`,
  'fleet-near-limit': p =>
    `The load was ${share(p['share'])} of what the fleet takes from a null server, so the fleet may have been the limit.`,
  lossy: p =>
    `Of ${whole(p['expected'])} deliveries ${whole(p['lost'])} were lost, ${whole(p['repeated'])} repeated and ${whole(p['disordered'])} out of order.`,
  'not-as-scheduled': p =>
    `${whole(p['scheduled'])} events were scheduled, ${whole(p['published'])} published and ${whole(p['seen'])} seen.`,
  'not-as-drawn': p =>
    `About ${num(p['expected'])} events were expected, ${whole(p['published'])} were published and ${whole(p['seen'])} seen.`,
  'read-before-published': p =>
    `An event was read ${num(p['earlyMs'])} ms before it was published, which is more than the clocks’ uncertainty.`,
  'wait-off-theory': p =>
    `Polls were ${num(p['meanMs'])} ms late on average. Theory (T/2 + RTT/2) says ${num(p['predictedMs'])} ms.`,
  'faster-than-writes': p =>
    `The median reader had its event after ${num(p['p50Ms'])} ms. Half of the writes take at least ${num(p['leastMs'])} ms.`,
  'cost-drifts': p =>
    `The second half of the window cost ${moreOrLess(p['driftShare'])} per delivery than the first.`,
  'near-idle': p =>
    `Without readers the server spends ${share(p['idleShare'])} of this as well, so what is left is mostly noise.`,
  'not-straight': p =>
    `The steps do not lie on a straight line, so something else grew or shrank as well: ${num(p['stepsKb'])} KB from step to step.`,
  'bytes-down-disagree': p =>
    `The server counts ${whole(p['serverBytes'])} bytes down, the readers count ${whole(p['readersBytes'])}.`,
  'bytes-up-disagree': p =>
    `The server counts ${whole(p['serverBytes'])} bytes up, the readers count ${whole(p['readersBytes'])}.`,
  'host-steal': p => `The host took ${share(p['share'])} of the machine’s time for others.`,
  'clock-moved': p =>
    `The machine’s clock moved by ${range(p['movedMs'], formatMs)} during the trial: it slept, or its time was set.`,
  'listen-queue-full': p =>
    `${isOne(p['overflows']) ? '1 connection' : `${whole(p['overflows'])} connections`} found a full listen queue and waited for the kernel to try again. Raise net.core.somaxconn.`,
  'cannon-miscounts': p =>
    `autocannon counts ${whole(p['total'])} answers, the server ${whole(p['serverCounted'])} (${parts(p['part'])}; other statuses than ${num(p['expectedStatus'])}: ${whole(p['otherStatuses'])}, errors: ${whole(p['errors'])}, timeouts: ${whole(p['timeouts'])}).`,
  'fleet-miscounts': p =>
    `The fleet counts ${whole(p['total'])} answers, the server ${whole(p['serverCounted'])}.`,
  'instruments-disagree': p =>
    [
      `autocannon got ${whole(p['cannonPerSecond'])} polls/s and the fleet ${whole(p['fleetPerSecond'])}, medians of ${whole(p['rounds'])} rounds each. Pair by pair the median ratio is ${num(p['ratio'])} (${num(p['ratioLow'])}–${num(p['ratioHigh'])}).`,
      `A poll cost the server ${num(p['cannonCpuUs'])} µs of CPU with autocannon and ${num(p['fleetCpuUs'])} µs with the fleet, and its core was busy ${share(p['cannonBusyShare'])} and ${share(p['fleetBusyShare'])} of the time.`,
      `The load process slept ${num(p['cannonSleeps'])} and ${num(p['fleetSleeps'])} times per poll: ${list(
        p['cause'],
      )
        .map(cause => CAUSES[cause] ?? cause)
        .join(' Or ')}`,
    ].join(' '),
  'limit-found': p =>
    `The limit was found: ${whole(p['eventsPerSecond'])} events/s passed, and a higher rate failed because of the server.`,
  'load-limits-capacity': p =>
    list(p['serverFull']).includes('true')
      ? 'A lower bound: beyond it the cores of the load process and of the server were both full, so either may be the limit.'
      : 'A lower bound: beyond it the core of the load process was full, and that was the limit.',
  'host-limits-capacity': () =>
    'A lower bound: at each higher rate the host took time of the machine for others.',
  'no-rate-passed': p => `Even the first rate, ${whole(p['eventsPerSecond'])} events/s, was too much.`,
  'host-took-first-rate': () =>
    'Nothing is known: each time the first rate was tried, the host took time of the machine for others.',
  'no-rate-failed': p => `None of ${whole(p['rates'])} rates reached the limit.`,
  // What became of a figure or a trial.
  'trial-failed': p => `The trial failed: ${list(p['detail']).join('; ')}`,
  'trials-left-out': p => `${whole(p['left'])} of ${whole(p['trials'])} trials are left out.`,
  'too-few-publishes': p =>
    `This percentile needs ${whole(p['needed'])} publishes, and there ${isOne(p['publishes']) ? 'was 1' : `were ${whole(p['publishes'])}`}.`,
  'floor-not-measured': () => 'The floor was not measured in this block.',
  'below-floor': () => 'In some block it is below its floor. Nothing can be, so this much is noise.',
  // Why nothing is claimed.
  'too-few-blocks': p =>
    'scenarios' in p
      ? `${p['all'] === true ? 'This run is not publishable' : `The figures of ${scenarios(p['scenarios'])} are not publishable`}: there are fewer than ${whole(p['needed'])} blocks, so no difference is claimed.`
      : `There ${isOne(p['blocks']) ? 'is 1 block' : `are ${whole(p['blocks'])} blocks`}, and a claim takes ${whole(p['needed'])}.`,
  'no-common-block': () => 'No block has both figures.',
  'no-noise-pairs': () => 'No A/A pairs say how noisy this figure is.',
  'too-few-noise-pairs': p =>
    `${isOne(p['pairs']) ? '1 A/A pair says' : `${whole(p['pairs'])} A/A pairs say`} how noisy this figure is, and a claim takes ${whole(p['needed'])}.`,
  'figures-not-positive': () => 'A ratio needs figures above zero.',
  'axes-differ': () => 'The axes differ.',
  'circumstances-differ': p =>
    `Not the same in both runs: ${list(p['what'])
      .map(what => CIRCUMSTANCES[what] ?? what)
      .join(', ')}.`,
  // What is not the same in two runs.
  'circumstance-differs': p => {
    const what = CIRCUMSTANCES[String(p['what'])] ?? String(p['what'])
    return `${what.charAt(0).toUpperCase()}${what.slice(1)} differs: ${num(p['a'])} in A and ${num(p['b'])} in B.`
  },
  'axis-differs': p => {
    const [name, ofA] = settingText(String(p['axis']), p['a'])
    return `${scenarioTitle(String(p['scenario']))}: the ${name} differs, ${ofA} in A and ${settingText(String(p['axis']), p['b'])[1]} in B.`
  },
  'only-in-one': p => {
    const place = typeof p['axis'] === 'string' && typeof p['value'] === 'number'
    const words = [
      scenarioTitle(String(p['scenario'])),
      armName(p['arm'] as Arm, p['as'] as Technique | null),
      ...(place ? [placeLabel({ axis: String(p['axis']), value: Number(p['value']) })] : []),
    ]
    return `Measured in ${String(p['side']).toUpperCase()} only: ${words.join(', ')}.`
  },
  'run-incomplete': p => `The run ${list(p['id']).join(', ')} is incomplete.`,
  // What a run says of itself.
  'quick-look': () =>
    'This is a quick look and not a result: the quick tier is short and does not measure what the fleet can take.',
  incomplete: () => 'This run was stopped before its end. What was finished is shown.',
  'dirty-tree': () => 'This run is not publishable: the working tree differed from the commit.',
  'noise-unknown': () =>
    'No difference is claimed: the reference arm never ran twice in one block, so the noise is unknown.',
  'nothing-claimed': p =>
    `No difference is claimed in ${scenarios(p['scenarios'])}. The comparisons there say why.`,
  'busy-machine': p =>
    `The machine was busy with something else: its load average was ${num(p['loadAverage'])} before the run began.`,
  'axes-changed': p =>
    `The command line changed the axes of ${scenarios(p['scenarios'])}. Each trial says how.`,
  'unsound-figures': p =>
    isOne(p['figures'])
      ? '1 figure is refused or failed, and it says why.'
      : `${whole(p['figures'])} figures are refused or failed, and each says why.`,
  'one-machine': p =>
    `Server and readers share one machine: loopback, no TLS, no proxy${p['distance'] === true ? ', and no distance except in the scenario that sets one' : ' and no distance'}.`,
  'remote-server': p =>
    `The server at ${list(p['origin']).join()} was not started by the bench: its CPU and memory are not known, and latencies are as exact as its clock could be read from here (see clock uncertainty).`,
  'short-heads': () =>
    'The readers send the shortest valid request heads. A browser sends several hundred bytes more with each request.',
  'fleet-not-calibrated': p =>
    `What the fleet can take of ${armName(p['technique'] as Arm)} (${whole(p['payloadBytes'])} B, ${share(p['sentinelShare'])} sentinels) is not known and not checked.`,
  'scenario-left-out': p =>
    `${scenarios(p['scenario'])} is left out: it measures ${list(p['techniques'])
      .map(technique => armName(technique as Arm))
      .join(' and ')} only.`,
  'scenario-needs-own-server': p =>
    `${scenarios(p['scenario'])} is left out: it needs a server that the bench has started itself.`,
  // Why a run cannot be read.
  'too-large': p => `It is larger than ${whole(p['mebibytes'])} MiB.`,
  'not-json': () => 'It is not JSON, or not all of it is there.',
  'not-an-object': () => 'It is not a JSON object.',
  'too-much-at-top': () => 'Too much stands at the top of its JSON.',
  'not-a-short-text': p => `Its ${String(p['member'])} is not a short text.`,
  'not-a-boolean': p => `Its ${String(p['member'])} is neither true nor false.`,
  'not-a-list': p => `Its ${String(p['member'])} is not a list.`,
  'not-an-object-member': p => `Its ${String(p['member'])} is not an object.`,
  'odd-member': p =>
    `It is not as the bench writes it: look at its ${String(p['member'])}, or make the run again.`,
  'other-schema': p =>
    p['schema'] === null
      ? `It names no schema, and this version reads schema ${whole(p['reads'])}: make the run again.`
      : `It has schema ${String(p['schema'])}, and this version reads schema ${whole(p['reads'])}: read it with the commit that wrote it${typeof p['commit'] === 'string' ? ` (${p['commit']})` : ''}, or make the run again.`,
  'not-a-file': () => 'It is not a regular file.',
  'being-written': () => 'It is being written. Try again in a moment.',
  'unreadable-file': p => `It cannot be read (${String(p['detail'])}).`,
}

/** The sentence for a fact. One whose code is not known, from a newer run, is named with all that it says. */
export function factSentence({ code, params }: Fact): string {
  const own = FACTS[code]?.(params) ?? unknownSentence(code, params)
  return params['of'] === 'floor' ? `Of the floor: ${own}` : own
}

function unknownSentence(code: string, params: Params): string {
  const said = Object.entries(params).map(([name, value]) => `${name} ${num(value)}`)
  return `${code}${said.length === 0 ? '' : ` (${said.join(', ')})`}: this version has no sentence for that.`
}

export function hasSentence(code: string): boolean {
  return FACTS[code] !== undefined
}

const LIMITS: Readonly<Record<string, string>> = {
  flagFrom: 'flagged from',
  refuseFrom: 'refused from',
  flagAbove: 'flagged above',
  refuseAbove: 'refused above',
  flagBelow: 'flagged below',
  refuseBelow: 'refused below',
  flagBeyond: 'flagged beyond ±',
  refuseBeyond: 'refused beyond ±',
}

/** `flagged from 0.7, refused from 0.85`; limits that only explain the check are left out. */
export function limitsText(limits: TrialCheck['limits']): string {
  return Object.entries(limits)
    .flatMap(([name, limit]) => {
      const words = LIMITS[name]
      return words === undefined ? [] : [`${words}${words.endsWith('±') ? '' : ' '}${formatValue(limit)}`]
    })
    .join(', ')
}

// ---------------------------------------------------------------------------------------- known answers

const KNOWN_ANSWERS: Readonly<Record<string, Sentence>> = {
  stall: p => `the server stands still for ${num(p['stallMs'])} ms every ${num(p['everyMs'])} ms`,
  distance: p => `${num(p['distanceMs'])} ms more distance, one way`,
  burn: p => `${num(p['burntUs'])} µs of CPU burnt for each delivery`,
  drop: p => `one of ${whole(p['oneIn'])} deliveries is dropped`,
  keep: p => `${num(p['keptKb'])} KB kept for each connection`,
  throttle: p => `the load process is held to ${share(p['share'])} of a core`,
  pad: p => `${whole(p['paddedBytes'])} B of padding on each event`,
  equals: p => `nothing: ${whole(p['runs'])} runs of equals are compared`,
}

/** What was injected into a run whose effect is known. */
export function knownAnswer(id: string, params: Params): string {
  return KNOWN_ANSWERS[id]?.(params) ?? id
}

const READINGS: Readonly<Record<string, string>> = {
  'figures-printed': 'figures printed',
  'deliveries-lost': 'deliveries lost',
  'generator-bound-trials': 'trials in which the load process was the limit',
  'runs-that-claim': 'runs that claim a difference',
}

export function readingTitle(of: string): string {
  return READINGS[of] ?? metricTitle(of)
}

const READING_VERDICTS: Readonly<Record<string, string>> = {
  'as-injected': 'as injected',
  'not-as-injected': 'not as injected',
  'too-noisy': 'not read: too noisy',
}

function readingVerdict(verdict: string): string {
  return READING_VERDICTS[verdict] ?? verdict
}

// ----------------------------------------------------------------------------------------------- claims

/** What a comparison says: `16 % more than SSE (12–21 %)`; from the double on, `5.2 times that of SSE (4.9–5.6)`. */
export function claimText(
  {
    ratio,
    interval,
    zero,
    band,
    verdict,
  }: Omit<Comparison, 'scenario' | 'at' | 'metric' | 'arm' | 'reference'>,
  than: string,
): string {
  if (verdict === 'not-claimed') return 'not claimed'
  if (zero === 'both') return 'no difference: both are 0'
  if (zero === 'reference') return `some, where ${than} has none`
  if (zero === 'arm') return `none, unlike ${than}`
  if (ratio === null || interval === null) return 'no ratio'
  if (verdict === 'no-difference') {
    const reach = Math.max(band, Math.abs(Math.log(interval.low)), Math.abs(Math.log(interval.high)))
    return `no difference measured (${less(reach)})`
  }
  if (ratio >= 2 || ratio <= 0.5) {
    const times = (value: number) => formatValue(Number(value.toPrecision(2)))
    return `${times(ratio)} times that of ${than} (${formatSpan(interval, times)})`
  }
  const [low = 0, high = 0] = [interval.low, interval.high]
    .map(bound => Math.abs(bound - 1))
    .sort((a, b) => a - b)
  const more = ratio > 1 ? 'more' : 'less'
  return `${formatShare(Math.abs(ratio - 1))} ${more} than ${than} (${formatSpan({ low, high }, formatPercent)} %)`
}

// ------------------------------------------------------------------------------------------ page, report

export const runText = {
  title: 'Results of the bench',
  loading: 'Reading the runs …',
  none: 'There are no results yet. This command makes some, in about a minute and a half:',
  command: 'npm run bench',
  pick: 'Run',
  pickOther: 'beside',
  alone: 'no other run',
  run: (id: string, tier: string, complete: boolean) => `${id} (${tier}${complete ? '' : ', incomplete'})`,
  started: (iso: string) => `Started ${iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z')}`,
  caveats: 'Read this first',
  provenance: 'Where the numbers come from',
  fleet: 'fleet takes',
  /** `92,686/s (Polling, 128 B, 100 % sentinels)`. */
  fleetTakes: ({ technique, payloadBytes, sentinelShare, deliveriesPerSecond }: Calibration) =>
    `${formatCount(deliveriesPerSecond)}/s (${armName(technique)}, ${formatCount(payloadBytes)} B, ${formatShare(sentinelShare)} sentinels)`,
  scenarios: 'Scenarios of this run',
  arm: 'Technique',
  place: 'At',
  metric: 'Metric',
  tableOf: (scenario: string, title: string | null) =>
    title === null ? scenarioTitle(scenario) : `${scenarioTitle(scenario)}: ${title.toLowerCase()}`,
  measured: 'What was measured',
  with: (axes: readonly string[]) => `With ${axes.join(' · ')}.`,
  bound: { 'at-least': '≥ ', 'at-most': '≤ ' },
  interval: (span: string) => `95 % ${span}`,
  trials: (n: number) => `n = ${n}`,
  unreadable: (reason: string) => `The results could not be read. ${reason}`,
  unreadableRun: (id: string, reason: string) => `The run ${id} cannot be read. ${reason}`,
  odd: 'This run.json is not as the bench writes it. Choose another run, or make it again.',

  scale: {
    title: 'A figure’s ratio to the best of its column',
    equal: 'best, or equal within noise',
    step: (from: number, to: number | null) =>
      to === null ? `${from}× and more` : from === 1 ? `below ${to}×` : `${from}×–${to}×`,
    read: 'read: median over trials, its ratio to the best, lowest to highest trial, number of trials, and where the median itself lies with 95 % confidence. Floors are not ranked, nor are figures with fewer than eight trials. Nothing is called different below the scenario’s own noise, or 2 %.',
    swept: 'Compared within each place.',
  },
  unranked: {
    trials: (fewest: number, most: number, needed: number) =>
      `n = ${formatSpan({ low: fewest, high: most })}: not ranked. It takes ${needed} trials to say which of two is better. With fewer, a figure stands by itself, without ratio and colour.`,
    pairs: (metrics: string, needed: number) =>
      `Not ranked: ${metrics}. Fewer than ${needed} A/A pairs say how noisy that is.`,
    bound: (metrics: string) => `Not ranked: ${metrics}. Some of these figures are bounds only (≥ or ≤).`,
    belowNothing: (metrics: string) =>
      `Not ranked: ${metrics}. A cost below zero is noise, and a ratio to it says nothing.`,
  },
  rank: {
    best: () => 'best',
    equal: (ratio: string) => `≈ best ${ratio}`,
    behind: (ratio: string) => ratio,
    level: (ratio: string) => `equal ${ratio}`,
    bestIsZero: 'best is 0',
  },
  notes: 'Why figures above are flagged, refused or failed',
  note: (letter: string) => `note ${letter}`,
  back: (letter: string) => `Back to the first figure marked ${letter}`,

  barsTitle: (metric: string, unit: string) => (unit === '' ? metric : `${metric}, ${unit}`),
  barsLabel: (metric: string, unit: string, parts: readonly string[]) =>
    `Bars of ${metric}${unit === '' ? '' : ` in ${unit}`}: ${parts.length === 0 ? 'no number' : parts.join(', ')}.`,
  bar: (arm: Arm, place: string | null, figure: string) =>
    `${armName(arm)}${place === null ? '' : ` at ${place}`} ${figure}`,
  barsRead: (better: 'lower' | 'higher' | null) =>
    `read: ${better === null ? '' : better === 'higher' ? 'longer is better, ' : 'shorter is better, '}from 0; the thin line is the lowest to the highest trial.`,

  curve: {
    title: 'Latency by percentile',
    loading: 'Reading the histograms …',
    axisX: 'percentile, as 1 ÷ (1 − p), log',
    axisY: 'latency, ms (log)',
    read: 'read: lower is sooner, further right is rarer; all trials merged, those whose latency was refused left out. A curve ends where fewer than ten publishes lie beyond. The tables below give the median of the trials’ own percentiles instead; far into the tail this curve is the one to quote.',
    percentile: (share: number) => `${Number((share * 100).toFixed(3))} %`,
    label: (parts: readonly string[]) =>
      parts.length === 0
        ? 'Latency by percentile: too few publishes for a curve.'
        : `Latency by percentile: ${parts.join('; ')}.`,
    part: (technique: Technique, medianMs: number, endShare: number, endMs: number) =>
      `${ARM_NAMES[technique]} median ${formatMs(medianMs)}, ${Number((endShare * 100).toFixed(2))} % within ${formatMs(endMs)}`,
    table: 'Percentiles of all trials together',
    maximum: 'maximum',
    publishes: 'publishes',
    trials: 'trials',
    left: (left: number, of: number) => (left === 0 ? `${of}` : `${of}, ${left} left out`),
  },

  theory: {
    title: 'What theory says',
    read: 'read: a poll waits for half its interval and half a round trip, a stream for half a round trip. So does a long poll, but an event that falls between its answer and its next request waits for half a round trip more, on average. A poll is sent by the clock, a long poll once for each answer. Round trip, events per second and the schedule lag of the source, which comes on top, are those of the same windows.',
    predicted: 'Predicted',
    measured: 'Measured',
    difference: 'Difference',
    apart: (share: number) => `${share < 0 ? '−' : '+'}${(Math.abs(share) * 100).toFixed(1)} %`,
  },

  comparisons: {
    title: (reference: Arm) => `Against ${armName(reference)}, block by block`,
    nothing: (title: string) => `${title}: nothing is claimed`,
    noise: 'Noise (A/A)',
    against: (arm: Arm, reference: Arm) => `${armName(arm)} ÷ ${armName(reference)}`,
    behind: (n: number, pValue: number | null) =>
      pValue === null
        ? `n = ${n}`
        : `n = ${n}, p ${pValue < 0.001 ? '< 0.001' : `= ${Number(pValue.toPrecision(2))}`}`,
    band,
    pairs: (n: number) => plural(n, 'pair', 'pairs'),
    read: 'read: the reference ran twice in each block, and the noise is how far those two lay apart at most. A difference is claimed from eight blocks on, beyond the noise and beyond 2 % only, if a permutation test finds it unlikely between equals (p ≤ 0.05) and the 95 % interval of the ratio does not hold 1. “No difference measured (< x %)” rules out a difference beyond x.',
  },

  report: {
    title: (tier: string, startedAt: string) => `push-lab bench, ${tier} run of ${startedAt.slice(0, 16)}Z`,
    howToRead: 'How to read it',
    read: (reference: Arm, blocks: number) => [
      'A figure is the median over trials. The smallest and the largest trial stand in brackets where they differ. The 95 % interval of the median (bootstrap over blocks) is in summary.csv, and in the HTML report when the mouse points at the figure.',
      `${VERDICTS.flagged.mark} marks a flagged figure, ${VERDICTS.refused.mark} one that was refused and ${VERDICTS.failed.mark} one that failed. The letters behind it lead to the reasons below the table. ≥ and ≤ mark bounds.`,
      'Latency runs from the intended publish time to the read callback, on one monotonic clock. For polling it is staleness. The schedule lag of the source, how late it published, is part of it.',
      '“CPU ÷ physical floor” compares with the physical floor in the same block: a bare TCP push of the same bytes for the streams, a bare node:http answer with the same head and body for the polls, at the same load. It carries over to other machines better than any absolute figure.',
      'A sentinel is a reader that parses and times each event. For the other readers each delivery is counted. After “With” stand the settings of a scenario.',
      'Polling brings several events with one answer, so its cost per answer and its cost per delivery differ.',
      `“Against ${armName(reference)}” pairs the techniques block by block. ${armName(reference)} itself runs twice in each block: how far those two lie apart, at most, is the A/A band. A difference is claimed from ${blocks} blocks on, if the median ratio lies beyond the A/A band and beyond 2 %, a permutation test finds it unlikely between equals (p ≤ 0.05), and the 95 % interval does not hold 1. “No difference measured (< x %)” rules out a difference beyond x.`,
    ],
    nothingClaimed: (obstacles: readonly Fact[]) =>
      ['No difference is claimed.', ...obstacles.map(factSentence)].join(' '),
    order: (twice: readonly string[], reference: Arm, seed: number, complete: boolean) =>
      [
        `A block runs each arm once${twice.length === 0 ? '' : `, and ${armName(reference)} twice in ${twice.map(scenarioTitle).join(', ')}`}, in an order drawn from seed ${seed}.`,
        ...(complete ? [] : ['The run was stopped before its end, so some arms are not in its last block.']),
      ].join(' '),
    /** `9 of Delivery; 2 of Throughput, Burst; 1 of Idle`. */
    blocks: (counts: readonly (readonly [blocks: number, scenarios: readonly string[]])[]) =>
      `Blocks by scenario: ${counts.map(([blocks, names]) => `${blocks} of ${names.map(scenarioTitle).join(', ')}`).join('; ')}.${counts.length > 1 ? ' Those with fewer ran in the first blocks only.' : ''}`,
    claimTakes: (blocks: number) => `A claim that two arms differ takes ${blocks}.`,
    block: (block: number, trials: readonly string[]) => `Block ${block}: ${trials.join(' · ')}`,
  },

  knownAnswers: {
    title: 'Known answers',
    intro: 'Effects of known size were injected, and the bench had to read them.',
    notRun: 'The bench’s tests of itself have not run here since the build. `npm test` runs them.',
    lastRun: (when: string) => `Last run ${when}.`,
    eachSays: 'Not all were read at the same commit: each says at which.',
    unread: (unread: number, of: number, titles: readonly string[]) =>
      `${unread} of ${of} were not read: ${titles.join('; ')}.`,
    columns: ['Injected', 'What is read', 'Expected', 'Read', 'Read without', 'Verdict'],
    when: 'When, and at which commit',
    expected: (injected: string, tolerance: string | null) =>
      tolerance === null ? injected : `${injected} ± ${tolerance}`,
    verdict: (verdict: string, pairs: number) =>
      pairs === 1 ? readingVerdict(verdict) : `${readingVerdict(verdict)}, ${pairs} pairs`,
    notSinceBuild: 'not read: not run since the build',
    failed: (detail: string | null) => `not read: ${detail ?? 'no reason given'}`,
    occasion: (takenAt: string, place: string, isOtherCommit: boolean) =>
      `${takenAt.slice(0, 16)}Z ${place}${isOtherCommit ? ', which is not the one that was measured' : ''}`,
    place: (commit: string | null, dirty: boolean) =>
      commit === null ? 'outside of a commit' : `at commit ${commit}${dirty ? ', changed' : ''}`,
  },

  readme: {
    noRun: 'No run is committed yet. `npm run bench` makes one of your own in `results/`.',
    machine: (cpu: string, cores: string, virtualisation: string | null) =>
      `${cpu}, ${cores} cores${virtualisation === null ? '' : `, ${virtualisation}`}`,
    delivery: (axes: RunTrial['axes'], trials: number) =>
      `Delivery: ${axes['readers']} readers, ${axes['eventsPerSecond']} events/s with ${axes['payloadBytes']} B of data each, a poll every ${axes['pollIntervalMs']} ms, ${plural(trials, 'trial', 'trials')}. Polling’s latency and cost depend on that interval.`,
    connections: (most: number, trials: number) =>
      `Connections: up to ${formatCount(most)} of each technique, ${plural(trials, 'trial', 'trials')}.`,
    compared: (reference: Arm) => `Compared with ${armName(reference)}, block by block:`,
    claim: (metric: string, claims: readonly string[]) => `${metric}: ${claims.join('; ')}`,
    run: (link: string, machine: string, node: string) => `Run ${link} on ${machine}, Node ${node}.`,
  },

  compare: {
    side: (side: string, id: string, blocks: number) =>
      `${side}  ${id}, ${plural(blocks, 'block', 'blocks')}`,
    warning: (sentence: string) => `! ${sentence}`,
    noBands: 'A/A bands: neither run had the reference arm twice in a block.',
    bandHead: 'A/A band',
    heads: ['arm', 'at', 'metric', 'A', 'B', 'B ÷ A', 'verdict'],
    caution:
      'Two runs lie hours or days apart, and the A/A band, taken within blocks, does not show how the machine changed in between. Repeat A to see how far A is from A.',
  },

  checks: {
    summary: (trials: number) => `Every trial and its checks (${formatCount(trials)})`,
    caption: 'Trials in the order in which they ran; checks that passed are counted only',
    scenario: 'Scenario',
    block: 'Block',
    verdict: 'Verdict',
    passed: (passed: number, of: number) => `${passed} of ${plural(of, 'check', 'checks')} passed`,
    verdictOk: 'ok',
    again: 'once more',
    publishes: 'Publishes',
    checks: 'Checks',
  },

  pair: {
    a: 'A',
    b: 'B',
    title: 'Two runs side by side: B ÷ A',
    differences: 'What is not the same',
    same: 'Machine, Node, tier and axes are the same.',
    about: {
      machine:
        'The machines differ: absolute figures do not compare, only how techniques stand to each other.',
      node: 'The Node.js versions differ.',
      tier: 'The tiers differ: the windows are not of the same length, and absolute figures do not compare.',
      axes: 'The axes differ, so the runs do not measure the same thing.',
      code: 'The commits differ.',
      other: 'Further differences.',
    },
    what: 'What',
    there: 'measured',
    fewBlocks: (blocks: number) =>
      `A difference is claimed only with ${blocks} blocks or more behind both figures. Where there are fewer, the ratio stands without a colour.`,
    caveats: (run: string) => `${run} says of itself`,
    read: 'read: the figure of B divided by that of A; below it both figures. Coloured only where a difference is claimed: beyond the noise of both runs and beyond 2 %, with intervals apart.',
    only: (run: string) => `only in ${run}`,
    command: 'With the trials at hand, the same by a finer test: ',
    equal: (noise: number) => `equal within noise (${less(noise)})`,
    standing: { better: 'better', worse: 'worse', apart: 'different', none: 'no ratio' },
    notClaimed: {
      axes: 'not claimed: axes differ',
      circumstances: 'not claimed: machine, Node or tier differ',
      blocks: 'not claimed: few blocks',
      pairs: 'not claimed: noise unknown',
      overlap: 'not claimed: intervals meet',
    },
    scale: 'A difference of B from A',
    scaleBetter: 'B better',
    scaleWorse: 'B worse',
  },
} as const
