import type { SourceKind, SourceSettings } from '../../../../server/protocol/api.ts'
import { ENDPOINTS, type Technique } from '../../../../server/protocol/techniques.ts'
import type { Gap } from '../../../../server/protocol/wire.ts'
import type { LossReason, SubscriptionState } from '../../../reader/subscribe.ts'
import { formatCount, formatInterval, formatLatency, formatMs, formatRate } from '../../../run/format.ts'
import { ARM_NAMES } from '../../../run/text/en.ts'
import type { CommandFailure } from '../../live/store/command-failure.ts'
import type { Finding } from '../../live/store/insight.ts'
import type { AuditVerdict } from '../../live/store/lane-audit.ts'
import type { Obstacle } from '../../live/store/obstacle.ts'
import type { CommandOutcome, HiddenTime } from '../../live/store/page-state.ts'
import type { Outage, ServerPresence, TabRole } from '../../live/store/presence.ts'

const seconds = (ms: number) => `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
const wholeSeconds = (ms: number) => `${Math.floor(Math.max(0, ms) / 1_000)} s`
/** British, as it sets no comma before “and”. */
const list = new Intl.ListFormat('en-GB', { type: 'conjunction' })
const plural = (count: number, one: string, many: string) =>
  `${formatCount(count)} ${count === 1 ? one : many}`

/** What happened to the connection before this one, or in its place. */
const LOST_FOR = {
  mute: 'nothing came',
  silent: 'fell silent',
  cut: 'was cut',
  unreachable: 'unreachable',
  refused: 'refused',
  broken: 'broke the protocol',
  stale: 'too old after sleep',
} satisfies Record<LossReason, string>

/** Why a lane left a technique. */
const MOVED_FOR = {
  mute: 'received nothing',
  silent: 'fell silent',
  cut: 'was cut',
  unreachable: 'could not connect',
  refused: 'was refused',
  broken: 'broke the protocol',
  stale: 'was too old',
} satisfies Record<LossReason, string>

/** The server's refusals that a command of this page can meet, by code. */
const REFUSED: Readonly<Record<string, string>> = {
  'commands-off': 'Start the server with --token to command it from here.',
  'stdin-ended': 'Start the server again to publish more: its stdin has ended.',
  closing: 'The server is closing: try again in a few seconds.',
}

const outcomeOfSource = ({ kind, rate }: SourceSettings) => {
  if (rate === 0) return 'The source is paused.'
  return kind === 'stdin' ? 'Standard input is read again.' : `The source emits ${formatRate(rate)}.`
}

/** What a lane does, beside its name. */
const ABOUT_TECHNIQUE: Readonly<Record<Technique, (intervalMs: number) => string>> = {
  poll: intervalMs => `polls every ${formatInterval(intervalMs)}`,
  'long-poll': () => 'held until an event',
  sse: () => 'one stream, one way',
  websocket: () => 'one stream, both ways',
  'fetch-stream': () => 'one stream, by fetch',
}

/** Every sentence of the page, to be read as a whole and translated as a whole. Sentences about runs are in `run/text`. */
export const text = {
  liveTitle: 'The same events by several techniques, live',

  theme: {
    auto: 'Theme: same as the system',
    light: 'Theme: light',
    dark: 'Theme: dark',
  },

  server: {
    connecting: 'connecting',
    ready: 'server',
    'api-only': 'server, no WebSocket',
    gone: 'server gone',
  } satisfies Record<ServerPresence, string>,
  clock: {
    known: (uncertaintyMs: number) => `clock ±${formatMs(uncertaintyMs)}`,
    unknown: 'clock unknown',
    title: (roundTripMs: number) =>
      `How far the page’s estimate of the server’s clock may be off: half the best of 20 round trips (${formatMs(roundTripMs)}) plus the clock’s step. No latency on this page is more accurate than this.`,
  },

  source: {
    kind: {
      replay: 'real earthquakes, replayed',
      synthetic: 'synthetic events',
      stdin: 'events from standard input',
      none: 'no source, only what is sent by hand',
    } satisfies Record<SourceKind, string>,
    unknown: 'source unknown',
    label: 'Source',
    noEvent: 'no event since this page was opened',
    rate: ({ kind, rate }: SourceSettings) => {
      if (kind === 'none') return ''
      if (rate === 0) return 'paused'
      return kind === 'stdin' ? 'as lines come' : formatRate(rate)
    },
    emits: 'source',
  },

  controls: {
    group: 'Controls',
    rate: {
      label: 'Rate',
      value: (rate: number) => (rate === 0 ? '0/s, paused' : formatRate(rate)),
      hint: 'default 2/s; 0 pauses',
    },
    pollInterval: { label: 'Poll interval', value: formatInterval, hint: 'default 1,000 ms' },
    pause: 'Pause',
    resume: 'Resume',
    emit: 'Emit one',
    burst: 'Burst 100',
    kill: 'Kill connections',
    reset: 'Reset',
    keys: 'Keyboard shortcuts',
    confirmCut: {
      question: (count: number) =>
        `Cut ${plural(count, 'connection', 'connections')}, including those of other people? Readers reconnect by themselves.`,
      cut: 'Cut everybody',
      cancel: 'Cancel',
    },
    outcome: (outcome: CommandOutcome): string => {
      switch (outcome.name) {
        case 'emitted':
          return 'One event sent.'
        case 'burst':
          return `A burst of ${formatCount(outcome.events)} events sent.`
        case 'cut':
          return `${plural(outcome.connections, 'connection', 'connections')} cut.`
        case 'reset':
          return `Source, link and counters are as they were when the server started; the poll interval is ${formatInterval(outcome.pollIntervalMs)}.`
        case 'source':
          return outcomeOfSource(outcome.source)
        case 'obstructed':
          return text.obstacle(outcome.obstacle)
        case 'failed':
          return text.failure(outcome.failure)
      }
    },
  },

  lanesMenu: { summary: 'Lanes', legend: 'Lanes that are on' },

  foreignWorker:
    'A service worker of another project answers requests of this page: remove it in the browser’s developer tools (Application, Service workers) and reload the page.',
  partMissing:
    'A part of this page cannot be loaded: the server was rebuilt or has stopped. Reload the page once the server is running.',
  commandRefused: (status: number) => `The server refused this with status ${status} and gave no reason.`,

  failure: (failure: CommandFailure): string => {
    switch (failure.name) {
      case 'unreachable':
        return 'The server did not answer. It may have stopped; the page keeps trying to reach it.'
      case 'no-token':
        return 'Commands need the control token: open the link with #token=… that the server printed.'
      case 'stale-token':
        return 'The control token is not that of this server, which has restarted: open the link with #token=… that it printed.'
      case 'refused': {
        const { refusal, status } = failure
        if (refusal === null) return text.commandRefused(status)
        // For a code that this page does not know, the server's own sentence is shown. It is data, in English.
        return REFUSED[refusal.code] ?? refusal.error
      }
    }
  },

  obstacle: (obstacle: Obstacle): string => {
    switch (obstacle.name) {
      case 'connecting':
        return 'The page is still connecting to the server.'
      case 'gone':
        return 'The server is gone: these controls work again when it is back.'
      case 'no-source':
        return 'There is no source to pause: start the server with another --source.'
      case 'lines':
        return 'Lines of standard input come as they are written: they can only be paused.'
      case 'not-running':
        return 'The lanes run in your other tab.'
      case 'forbidden':
        return text.failure(obstacle.failure)
    }
  },

  strip: {
    gone: 'The server is gone. What was measured stays; the page reconnects by itself as soon as the server is back.',
    'api-only':
      'The server answers, but this page’s WebSocket does not reach it: let a proxy in between pass Upgrade on for /control, and switch off what blocks WebSockets.',
    outage: ({ port, answered }: Outage) => {
      if (port === null)
        return `The lanes get no answer from the lab, though this page’s own connection works: let whatever is in between (a proxy, an extension, a virus scanner) pass on ${list.format(ENDPOINTS)}.`
      return answered
        ? `Something other than the lab answers the lanes at port ${port}, though this page’s own connection works: forward that port to the lab, or start the server with --link-port off.`
        : `The lanes cannot reach port ${port}, though this page’s own connection works: forward that port too, or start the server with --link-port off.`
    },
    viewer:
      'The lanes run in your other tab, so that a second set of connections does not disturb the measurement.',
    takeOver: 'Take over',
    hidden: ({ from, to, polls }: HiddenTime) => {
      const hidden = `This tab was hidden for ${wholeSeconds(to - from)}`
      const slowed = 'Browsers slow the timers of hidden tabs.'
      if (polls === null) return `${hidden}. ${slowed}`
      return `${hidden}: ${ARM_NAMES[polls.technique]} sent ${plural(polls.made, 'request', 'requests')}, ${formatCount(polls.due)} were due. ${slowed}`
    },
  },

  lane: {
    region: 'Lanes: time runs right, the upper rail is the server, the lower the browser',
    picture: (technique: Technique) =>
      `${ARM_NAMES[technique]}: each event as a line from the server’s rail to the browser’s, over the last 10 seconds. Steep is fast.`,
    about: ABOUT_TECHNIQUE,
    density: (perSecond: number) =>
      `Showing density, not single events (${formatRate(perSecond)}): a cell is 100 ms. `,
    p50: 'p50',
    p99: 'p99',
    requests: 'req/event',
    bytes: 'bytes/event',
    received: 'received',
    missing: 'missing',
    repeated: 'repeated',
    audit: 'audit',
    auditTitle: 'received + declared missing = emitted by the source since this lane began',
    window:
      'Latency, requests and bytes: last 30 s. Bytes are counted at the server’s sockets for this page alone, headers and framing included.',
    server: 'srv',
    browser: 'web',
    axis: ['−10 s', '−5 s', 'now'],
    none: 'All lanes are off: switch one on under Lanes.',

    empty: (source: SourceSettings, keys: boolean): string => {
      const send = keys ? 'press E to send one event' : 'send one event by hand'
      return source.kind === 'none' ? `There is no source – ${send}` : `Source is paused – ${send}`
    },

    /** A lane that does not run. */
    idle: (role: TabRole, server: ServerPresence): string => {
      if (role === 'viewer') return 'runs in your other tab'
      return server === 'ready' ? 'about to start' : 'waits for the server'
    },

    state: (state: SubscriptionState, monotonicMs: number): string => {
      switch (state.name) {
        case 'connecting':
          return 'connecting'
        case 'requesting':
          return 'requesting'
        case 'resting':
          return `next poll in ${seconds(state.untilMs - monotonicMs)}`
        case 'holding':
          return `holding ${wholeSeconds(monotonicMs - state.sinceMs)}`
        case 'open':
          return 'open'
        case 'reconnecting': {
          // An EventSource that reconnects by itself does not tell when.
          const inMs = state.untilMs - monotonicMs
          return `reconnecting${inMs > 0 ? ` in ${seconds(inMs)}` : ''}`
        }
        case 'closed':
          return 'closed'
      }
    },

    /** The second line of a lane that is in trouble. */
    trouble: (state: SubscriptionState): string | null => {
      if (state.name === 'closed') return state.reason
      if (state.name === 'connecting') return state.why === undefined ? null : LOST_FOR[state.why]
      if (state.name !== 'reconnecting') return null
      return `${state.reason ?? LOST_FOR[state.why]} (try ${state.attempt})`
    },

    moved: (from: Technique, to: Technique, why: LossReason): string =>
      `by ${ARM_NAMES[to]}: ${ARM_NAMES[from]} ${MOVED_FOR[why]}`,

    verdict: (verdict: AuditVerdict | null): string => {
      switch (verdict?.name) {
        case undefined:
          return '–'
        case 'complete':
          return 'complete'
        case 'behind':
          return `${formatCount(verdict.count)} behind`
        case 'mismatch':
          return `off by ${formatCount(verdict.count)}`
      }
    },

    gap: (gap: Gap): string => {
      switch (gap.reason) {
        case 'trimmed':
          return gap.from === gap.to ? `${gap.from} lost` : `${gap.from}–${gap.to} lost`
        case 'epoch':
          return 'new epoch'
        case 'ahead':
          return 'ahead of the log'
      }
    },
  },

  finding: (finding: Finding): string => {
    switch (finding.name) {
      case 'too-early':
        return `Too early to say: ${formatCount(finding.have)} of ${formatCount(finding.need)} events measured.`
      case 'half-interval': {
        const numbers = `${formatMs(finding.measuredMs)} measured, ${formatMs(finding.expectedMs)} expected`
        const sum = `${formatInterval(finding.pollIntervalMs)}/2 + ${formatMs(finding.oneWayMs)} one way`
        const verdict = finding.agrees
          ? `chance explains ±${formatMs(finding.toleranceMs)}`
          : `further off than the ±${formatMs(finding.toleranceMs)} that chance explains`
        return `${ARM_NAMES[finding.technique]} waits half its interval on average: ${numbers} (${sum}); ${verdict}.`
      }
      case 'no-difference': {
        const names = list.format(finding.techniques.map(technique => ARM_NAMES[technique]))
        return `${names}: no difference we can measure (medians ${formatMs(finding.apartMs)} apart; clock and chance explain ±${formatMs(finding.toleranceMs)}).`
      }
      case 'ranking':
        return `Of the others, ${ARM_NAMES[finding.soonest]} is soonest (median ${formatMs(finding.soonestMs)}) and ${ARM_NAMES[finding.latest]} last (${formatMs(finding.latestMs)}).`
    }
  },

  chart: {
    title: 'Latency over time',
    axis: 'latency, ms (log)',
    tick: (seconds: number) => (seconds === 0 ? 'now' : `−${Math.abs(seconds)} s`),
    read: 'read: lower is sooner; mean of each quarter second, last 60 s. The thin line is what theory predicts for polling.',
    label: (parts: readonly string[]) =>
      parts.length === 0
        ? 'Latency over the last 60 seconds: nothing measured yet.'
        : `Latency over the last 60 seconds, medians of the last 30: ${parts.join(', ')}.`,
    part: (technique: Technique, p50Ms: number, uncertaintyMs: number) =>
      `${ARM_NAMES[technique]} ${formatLatency(p50Ms, uncertaintyMs)}`,
    table: 'The same as a table',
    technique: 'Technique',
    ago: (fromMs: number, toMs: number) => `${fromMs / 1_000}–${toMs / 1_000} s ago`,
    tableCaption: 'Mean latency of each ten seconds',
  },
} as const
