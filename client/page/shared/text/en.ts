import type { SourceKind, SourceSettings } from '../../../../server/protocol/api.ts'
import type { Technique } from '../../../../server/protocol/techniques.ts'
import type { Gap } from '../../../../server/protocol/wire.ts'
import type { LossReason, SubscriptionState } from '../../../reader/subscribe.ts'
import { formatCount, formatInterval, formatLatency, formatMs, formatRate } from '../../../run/format.ts'
import { ARM_NAMES } from '../../../run/text/en.ts'
import type { Finding } from '../../live/store/insight.ts'
import type { AuditVerdict } from '../../live/store/lane-audit.ts'
import type { Obstacle } from '../../live/store/obstacle.ts'
import type { Outage, ServerPresence, TabRole } from '../../live/store/presence.ts'

const seconds = (ms: number) => `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
const wholeSeconds = (ms: number) => `${Math.floor(Math.max(0, ms) / 1_000)} s`
const list = new Intl.ListFormat('en', { type: 'conjunction' })
const plural = (count: number, one: string, many: string) =>
  `${formatCount(count)} ${count === 1 ? one : many}`

const MOVED_FOR = {
  mute: 'stayed mute',
  silent: 'fell silent',
  cut: 'was cut',
  unreachable: 'could not connect',
  refused: 'was refused',
  broken: 'broke the protocol',
  stale: 'was too old',
} satisfies Record<LossReason, string>

/** Every sentence the page says, in one place: to be read as a whole, and to be said in another language one day. */
export const text = {
  liveTitle: 'The same events by four techniques, live',

  theme: {
    auto: 'Theme: as the system',
    light: 'Theme: light',
    dark: 'Theme: dark',
  },

  server: {
    connecting: 'connecting',
    ready: 'server',
    unheard: 'server, no WebSocket',
    gone: 'server gone',
  } satisfies Record<ServerPresence, string>,
  clock: (uncertaintyMs: number) => `clock ±${formatMs(uncertaintyMs)}`,
  clockTitle: (roundTripMs: number) =>
    `How far the page’s idea of the server’s clock may be off: half the best of 20 round trips (${formatMs(roundTripMs)}) plus the clock’s step. Every latency on this page is good to this much.`,
  clockUnknown: 'clock unknown',

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
        `Cut ${plural(count, 'connection', 'connections')}, those of everybody who reads here? Readers come back by themselves.`,
      cut: 'Cut everybody',
      cancel: 'Cancel',
    },
    said: {
      emitted: 'One event sent.',
      burst: 'A burst of 100 events sent.',
      killed: (count: number) => `${plural(count, 'connection', 'connections')} cut.`,
      reset:
        'Source, link and counters are back to how the server was started; the poll interval to 1,000 ms.',
      source: ({ kind, rate }: SourceSettings) => {
        if (rate === 0) return 'The source is paused.'
        return kind === 'stdin' ? 'Standard input is read again.' : `The source emits ${formatRate(rate)}.`
      },
    },
  },

  commandUnreachable: 'The server did not answer. It may have stopped; the page keeps trying to reach it.',
  foreignWorker:
    'A service worker of another project answers requests of this page: remove it in the browser’s developer tools (Application, Service workers) and reload the page.',
  partMissing:
    'A part of this page cannot be had from the server, which was built anew or has stopped: reload the page once it is there.',
  noToken: 'Commands need the control token: open the link with #token=… that the server printed.',
  staleToken:
    'The control token is not that of this server, which was started anew: open the link with #token=… that it printed.',
  commandRefused: (status: number) => `The server refused this with status ${status} and gave no reason.`,

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
        return obstacle.sentence
    }
  },

  empty: (source: SourceSettings, keys: boolean): string => {
    const send = keys ? 'press E to send one event' : 'send one event by hand'
    if (source.kind === 'none') return `There is no source – ${send}`
    return `Source is paused – ${send}`
  },

  strip: {
    gone: 'The server is gone. What was measured stays; the page comes back by itself as soon as the server does.',
    unheard:
      'The server answers, but this page’s WebSocket does not reach it: let a proxy in between pass Upgrade on for /control, and switch off what blocks WebSockets.',
    outage: ({ port, answered }: Outage) => {
      if (port === null)
        return 'The lanes get no answer from the lab, though this page’s own connection works: let what lies in between (a proxy, an extension, a virus scanner) pass on /poll, /long-poll, /sse and /ws.'
      return answered
        ? `Something else than the lab answers the lanes at port ${port}, though this page’s own connection works: forward that port to the lab, or start the server with --link-port off.`
        : `The lanes cannot reach port ${port}, though this page’s own connection works: forward that port too, or start the server with --link-port off.`
    },
    viewer:
      'The lanes run in your other tab, so that the measurement is not disturbed by a second set of connections.',
    takeOver: 'Take over',
    hidden: (hiddenMs: number, asks: number, expected: number) =>
      `This tab was hidden for ${wholeSeconds(hiddenMs)}: polling got ${plural(asks, 'ask', 'asks')}, expected ${formatCount(expected)}. Browsers slow the timers of hidden tabs.`,
  },

  lane: {
    region: 'Lanes: time runs right, the upper rail is the server, the lower the browser',
    picture: (technique: Technique) =>
      `${ARM_NAMES[technique]}: each event as a line from the server’s rail to the browser’s, over the last 10 seconds. Steep is fast.`,
    about: {
      poll: (intervalMs: number) => `asks every ${formatInterval(intervalMs)}`,
      'long-poll': () => 'held until there is news',
      sse: () => 'one stream, one way',
      websocket: () => 'one stream, both ways',
    } satisfies Record<Technique, (intervalMs: number) => string>,
    density: (perSecond: number) =>
      `Showing density, not single events (${formatRate(perSecond)}): a cell is 100 ms. `,
    p50: 'p50',
    p99: 'p99',
    asks: 'asks/event',
    bytes: 'bytes/event',
    received: 'received',
    missing: 'missing',
    repeated: 'repeated',
    books: 'books',
    booksTitle: 'received + declared missing = emitted by the source since this lane began',
    window:
      'Latency, asks and bytes: last 30 s. Bytes are counted at the server’s sockets for this page alone, headers and framing included.',
    server: 'srv',
    browser: 'web',
    axis: ['−10 s', '−5 s', 'now'],
  },

  /** A lane that does not run. */
  idle: (role: TabRole, server: ServerPresence): string => {
    if (role === 'viewer') return 'runs in your other tab'
    return server === 'ready' ? 'about to start' : 'waits for the server'
  },

  /** What has happened to the link before this one, or in its place. */
  why: {
    mute: 'nothing came',
    silent: 'fell silent',
    cut: 'was cut',
    unreachable: 'unreachable',
    refused: 'refused',
    broken: 'broke the protocol',
    stale: 'too old after sleep',
  } satisfies Record<LossReason, string>,

  /** The second line of a lane that is in trouble. */
  trouble: (state: SubscriptionState): string | null => {
    if (state.name === 'closed') return state.reason
    if (state.name === 'connecting') return state.why === undefined ? null : text.why[state.why]
    if (state.name !== 'reconnecting') return null
    return `${state.reason ?? text.why[state.why]} (try ${state.attempt})`
  },

  moved: (from: Technique, to: Technique, why: LossReason): string =>
    `by ${ARM_NAMES[to]}: ${ARM_NAMES[from]} ${MOVED_FOR[why]}`,

  state: (state: SubscriptionState, monotonicMs: number): string => {
    switch (state.name) {
      case 'connecting':
        return 'connecting'
      case 'requesting':
        return 'requesting'
      case 'resting':
        return `next ask in ${seconds(state.untilMs - monotonicMs)}`
      case 'holding':
        return `holding ${wholeSeconds(monotonicMs - state.sinceMs)}`
      case 'open':
        return 'open'
      case 'reconnecting': {
        // An EventSource that reconnects by itself tells nobody when.
        const inMs = state.untilMs - monotonicMs
        return `reconnecting${inMs > 0 ? ` in ${seconds(inMs)}` : ''}`
      }
      case 'closed':
        return 'closed'
    }
  },

  audit: (verdict: AuditVerdict | null): string => {
    if (verdict === null) return '–'
    switch (verdict.name) {
      case 'complete':
        return 'complete'
      case 'behind':
        return `${formatCount(verdict.count)} to come`
      case 'mismatch':
        return `off by ${formatCount(verdict.count)}`
    }
  },

  gapMark: (gap: Gap): string => {
    switch (gap.reason) {
      case 'trimmed':
        return gap.from === gap.to ? `${gap.from} lost` : `${gap.from}–${gap.to} lost`
      case 'epoch':
        return 'new epoch'
      case 'ahead':
        return 'ahead of the log'
    }
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
        return `Polling waits half its interval on average: ${numbers} (${sum}); ${verdict}.`
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
    read: 'read: lower is sooner; mean of each quarter second, last 60 s. The thin line is what theory predicts for polling.',
    expected: 'polling, expected',
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
