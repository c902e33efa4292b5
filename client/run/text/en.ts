import type { Arm, Verdict } from '../../../server/protocol/run.ts'
import type { Technique } from '../../../server/protocol/techniques.ts'
import type { Difference } from '../differences.ts'
import { formatCount, formatMs } from '../format.ts'
import type { Subject } from '../metric.ts'
import type { Obstacle as NoClaim } from '../noise.ts'

/** A noise band, |ln ratio|, as a share. */
const share = (lnRatio: number) => `${Number((Math.expm1(lnRatio) * 100).toPrecision(2))} %`
const plural = (count: number, one: string, many: string) =>
  `${formatCount(count)} ${count === 1 ? one : many}`

export const ARM_NAMES = {
  poll: 'Polling',
  'long-poll': 'Long polling',
  sse: 'SSE',
  websocket: 'WebSocket',
  tcp: 'TCP floor',
  http: 'HTTP floor',
} as const satisfies Record<Arm, string>

/** Every sentence about a run of the bench. */
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
  floorAs: (arm: Arm, technique: Technique) => `${ARM_NAMES[arm]}, bytes of ${ARM_NAMES[technique]}`,
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
    bound: (metrics: string) => `Not ranked: ${metrics}. Of some (≥) it is known only that they are no less.`,
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
      `${ARM_NAMES[technique]} median ${formatMs(medianMs)}, ${Number((endShare * 100).toFixed(2))} % within ${formatMs(endMs)}`,
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
    against: (arm: Arm, reference: Arm) => `${ARM_NAMES[arm]} ÷ ${ARM_NAMES[reference]}`,
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
} as const
