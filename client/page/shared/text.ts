import type { SourceKind, SourceSettings } from '../../../server/protocol/api.ts'
import type { Arm, Verdict } from '../../../server/protocol/run.ts'
import type { Technique } from '../../../server/protocol/techniques.ts'
import type { Gap } from '../../../server/protocol/wire.ts'
import type { LossReason, SubscriptionState } from '../../reader/subscribe.ts'
import type { Difference } from '../../run/differences.ts'
import { formatCount, formatInterval, formatLatency, formatMs, formatRate } from '../../run/format.ts'
import type { Subject } from '../../run/metric.ts'
import type { Obstacle as NoClaim } from '../../run/noise.ts'
import type { Finding } from '../live/insight.ts'
import type { AuditVerdict } from '../live/lane-audit.ts'
import type { Obstacle } from '../live/obstacle.ts'
import type { Outage, ServerPresence, TabRole } from '../live/presence.ts'
import { ARM_IDENTITIES, IDENTITIES } from './identity.ts'

const seconds = (ms: number) => `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
const wholeSeconds = (ms: number) => `${Math.floor(Math.max(0, ms) / 1_000)} s`
/** A noise band, |ln ratio|, as a share. */
const share = (lnRatio: number) => `${Number((Math.expm1(lnRatio) * 100).toPrecision(2))} %`
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
      `${IDENTITIES[technique].name}: each event as a line from the server’s rail to the browser’s, over the last 10 seconds. Steep is fast.`,
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
    `by ${IDENTITIES[to].name}: ${IDENTITIES[from].name} ${MOVED_FOR[why]}`,

  state: (state: SubscriptionState, monotonicMs: number): string => {
    switch (state.name) {
      case 'connecting':
        return 'connecting'
      case 'asking':
        return 'asking'
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
        const names = list.format(finding.techniques.map(technique => IDENTITIES[technique].name))
        return `${names}: no difference we can measure (medians ${formatMs(finding.apartMs)} apart; clock and chance explain ±${formatMs(finding.toleranceMs)}).`
      }
      case 'ranking':
        return `Of the others, ${IDENTITIES[finding.soonest].name} is soonest (median ${formatMs(finding.soonestMs)}) and ${IDENTITIES[finding.latest].name} last (${formatMs(finding.latestMs)}).`
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
      `${IDENTITIES[technique].name} ${formatLatency(p50Ms, uncertaintyMs)}`,
    table: 'The same as a table',
    technique: 'Technique',
    ago: (fromMs: number, toMs: number) => `${fromMs / 1_000}–${toMs / 1_000} s ago`,
    tableCaption: 'Mean latency of each ten seconds',
  },

  results: {
    title: 'Results of the bench',
    loading: 'Reading the runs …',
    none: 'There are no results yet. This command makes some, in about a minute and a half:',
    command: 'npm run bench',
    pick: 'Run',
    pickOther: 'beside',
    alone: 'no other run',
    run: (id: string, tier: string, complete: boolean) => `${id} (${tier}${complete ? '' : ', incomplete'})`,
    started: (iso: string) => `Started ${iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z')}`,
    incomplete: 'This run was stopped before its end; what was finished is shown.',
    age: {
      present: '',
      older: 'This run is of an older schema: what it does not have is left out.',
      newer: 'This run is of a newer schema than this page: what the page does not know is left out.',
    },
    downloads: 'To keep',
    caveats: 'Read this first',
    provenance: 'Where the numbers come from',
    scenarios: 'Scenarios of this run',
    arm: 'Technique',
    floorAs: (arm: Arm, technique: Technique) =>
      `${ARM_IDENTITIES[arm].name}, bytes of ${IDENTITIES[technique].name}`,
    subject: {
      lateness: 'How late',
      rate: 'How many',
      cost: 'What it costs the server',
      wire: 'What crosses the wire',
      rest: 'What else was measured',
    } satisfies Record<Subject, string>,
    tableOf: (scenario: string, subject: string | null) =>
      subject === null ? scenario : `${scenario}: ${subject.toLowerCase()}`,
    with: (axes: readonly string[]) => `With ${axes.join(' · ')}.`,
    spread: (low: string, high: string) => `${low}–${high}`,
    interval: (low: string, high: string) => `95 % ${low}–${high}`,
    trials: (n: number) => `n = ${n}`,
    verdict: {
      ok: '',
      flagged: '⚑ flagged',
      refused: '⊘ refused',
      failed: '✕ failed',
    } satisfies Record<Verdict, string>,
    unreadable: (reason: string) => `The results could not be read. ${reason}`,
    unreadableRun: (id: string, reason: string) => `The run.json of ${id} cannot be read. ${reason}`,
    odd: 'This run.json is not as the bench writes it: choose another run, or make it again.',

    scale: {
      title: 'A figure’s ratio to the best of its column',
      equal: 'best, or equal within noise',
      step: (from: number, to: number | null) =>
        to === null ? `${from}× and more` : from === 1 ? `below ${to}×` : `${from}×–${to}×`,
      read: 'read: median over trials, its ratio to the best, lowest to highest trial, trials behind it, and where the median itself lies with 95 % confidence. Floors are not ranked, nor is what fewer than eight trials are behind. Nothing is called different below the scenario’s own noise, or 2 %.',
      swept: 'Compared within each place.',
    },
    unranked: {
      trials: (fewest: number, most: number, needed: number) =>
        `n = ${fewest === most ? fewest : `${fewest}–${most}`}: not ranked. It takes ${needed} trials to say which of two is better; with fewer a figure stands by itself, without ratio and colour.`,
      pairs: (metrics: string, needed: number) =>
        `Not ranked: ${metrics}. Fewer than ${needed} A/A pairs say how noisy that is.`,
      bound: (metrics: string) =>
        `Not ranked: ${metrics}. Of some (≥) it is known only that they are no less.`,
      belowNothing: (metrics: string) =>
        `Not ranked: ${metrics}. A cost below nothing is noise, and nothing is a multiple of it.`,
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
    barsRead: (higherIsBetter: boolean) =>
      `read: ${higherIsBetter ? 'longer is more' : 'shorter is less'}, from 0; the thin line is the lowest to the highest trial.`,

    curve: {
      title: 'Latency by percentile',
      place: 'At',
      loading: 'Reading the histograms …',
      axisX: 'percentile, as 1 ÷ (1 − p), log',
      axisY: 'delivery latency, ms (log)',
      read: 'read: lower is sooner, further right is rarer; all trials merged, refused ones left out. A curve ends where fewer than ten publishes lie beyond.',
      percentile: (share: number) => `${Number((share * 100).toFixed(3))} %`,
      label: (parts: readonly string[]) =>
        parts.length === 0
          ? 'Delivery latency by percentile: too few publishes for a curve.'
          : `Delivery latency by percentile: ${parts.join('; ')}.`,
      part: (technique: Technique, medianMs: number, endShare: number, endMs: number) =>
        `${IDENTITIES[technique].name} median ${formatMs(medianMs)}, ${Number((endShare * 100).toFixed(2))} % within ${formatMs(endMs)}`,
      table: 'The same as a table',
      publishes: 'publishes',
      trials: 'trials',
      left: (count: number, of: number) => (count === 0 ? `${of}` : `${of}, ${count} left out`),
    },

    comparisons: {
      title: (reference: string) => `Against ${reference}, block by block`,
      nothing: (title: string) => `${title}: nothing is claimed`,
      metric: 'Metric',
      place: 'Place',
      noise: 'Noise (A/A)',
      against: (arm: Arm, reference: Arm) =>
        `${ARM_IDENTITIES[arm].name} ÷ ${ARM_IDENTITIES[reference].name}`,
      behind: (n: number, pValue: number | null) =>
        pValue === null
          ? `n = ${n}`
          : `n = ${n}, p ${pValue < 0.001 ? '< 0.001' : `= ${Number(pValue.toPrecision(2))}`}`,
      band: (lnRatio: number) => `±${share(lnRatio)}`,
      pairs: (n: number) => plural(n, 'pair', 'pairs'),
      read: 'read: the reference ran twice in each block, and the noise is how far those two lay apart at most. A difference is claimed beyond it and beyond 2 % only.',
    },

    checks: {
      summary: (count: number) => `Every trial and its checks (${formatCount(count)})`,
      caption: 'Trials in the order in which they ran; checks that passed are counted only',
      scenario: 'Scenario',
      block: 'Block',
      verdict: 'Verdict',
      passed: (count: number, of: number) => `${count} of ${plural(of, 'check', 'checks')} passed`,
      believed: 'ok',
      again: 'once more',
      publishes: 'Publishes',
      checks: 'Checks',
      check: (name: string, value: string, threshold: string) => `${name}: ${value} (${threshold})`,
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
        axes: 'The axes differ: not the same was asked.',
        code: 'The commits differ.',
        other: 'Further differences.',
      } satisfies Record<Difference['about'], string>,
      what: 'What',
      fewBlocks: (blocks: number) =>
        `A difference is claimed only with ${blocks} blocks or more behind both figures; where there are fewer, the ratio stands without a colour.`,
      caveats: (run: string) => `${run} says of itself`,
      read: 'read: the figure of B divided by that of A; below it both figures. Coloured only where a difference is claimed: beyond the noise of both runs or 2 %, and intervals apart.',
      only: (run: string) => `only in ${run}`,
      command: 'With the trials at hand, the same by a finer test: ',
      equal: (noise: number) => `equal within noise (< ${share(noise)})`,
      better: 'better',
      worse: 'worse',
      notClaimed: {
        axes: 'not claimed: axes differ',
        circumstances: 'not claimed: machine, Node or tier differ',
        blocks: 'not claimed: few blocks',
        pairs: 'not claimed: noise unknown',
        overlap: 'not claimed: intervals meet',
      } satisfies Record<NoClaim, string>,
      none: 'no ratio',
      scale: 'A difference of B from A',
      scaleBetter: 'B better',
      scaleWorse: 'B worse',
    },
  },
} as const
