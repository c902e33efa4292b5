import { BLOCKS_FOR_A_CLAIM, type Run } from '../../server/protocol/run.ts'
import { numberCell, type Table } from './table.ts'
import { runText, scenarioTitle, settingText } from './text/en.ts'

/** Something about two runs that is not the same. */
export interface Difference {
  readonly about: 'machine' | 'node' | 'tier' | 'axes' | 'code' | 'other'
  /** Of axes: whose. */
  readonly scenario: string | null
  readonly name: string
  readonly a: string
  readonly b: string
}

const MACHINE = ['cpu', 'cores', 'virtualisation', 'kernel', 'serverCore', 'loadCore', 'pinnedBy']
const NODE = ['node', 'v8']
const CODE = ['commit', 'dirty']
/** Different in any two runs. */
const OF_THE_DAY = ['loadAverageBefore', 'seed', 'tookSeconds']
const ORDER = ['machine', 'node', 'tier', 'axes', 'code', 'other'] as const
const MISSING = '–'

/** What must be known before two runs are compared, the most serious first. */
export function differencesOf(a: Run, b: Run): readonly Difference[] {
  const found: Difference[] = []
  const tell = (
    about: Difference['about'],
    name: string,
    values: readonly [string, string],
    scenario = '',
  ) => {
    const [ofA, ofB] = values
    if (ofA !== ofB) found.push({ about, name, a: ofA, b: ofB, scenario: scenario || null })
  }
  tell('tier', 'tier', [a.tier, b.tier])
  for (const name of union(Object.keys(a.provenance), Object.keys(b.provenance))) {
    if (OF_THE_DAY.includes(name)) continue
    tell(aboutOf(name), wordsFor(name), [said(name, a.provenance), said(name, b.provenance)])
  }
  const axes = [axesOf(a), axesOf(b)] as const
  for (const scenario of union([...axes[0].keys()], [...axes[1].keys()])) {
    const [ofA, ofB] = [axes[0].get(scenario), axes[1].get(scenario)]
    if (ofA === undefined || ofB === undefined) {
      const there = (own: object | undefined) => (own === undefined ? MISSING : runText.pair.there)
      tell('other', scenarioTitle(scenario), [there(ofA), there(ofB)])
      continue
    }
    for (const name of union(Object.keys(ofA), Object.keys(ofB))) {
      tell(
        'axes',
        `${scenarioTitle(scenario)}: ${wordsFor(name)}`,
        [said(name, ofA), said(name, ofB)],
        scenario,
      )
    }
  }
  return found.sort((one, other) => ORDER.indexOf(one.about) - ORDER.indexOf(other.about))
}

/** The axes of each scenario that all its trials share: a swept axis is a place, not a difference. */
export function axesOf({ trials }: Pick<Run, 'trials'>): Map<string, Record<string, unknown>> {
  const shared = new Map<string, Record<string, unknown>>()
  for (const { scenario, axes } of trials) {
    const before = shared.get(scenario) ?? axes
    const same = Object.entries(before).filter(
      ([name, value]) => JSON.stringify(axes[name]) === JSON.stringify(value),
    )
    shared.set(scenario, Object.fromEntries(same))
  }
  return shared
}

/** What a scenario was measured with, in words. */
export function settingsText(axes: Readonly<Record<string, unknown>> = {}): string | null {
  const set = Object.entries(axes).map(([name, value]) => settingText(name, value).join(' '))
  return set.length === 0 ? null : runText.with(set)
}

export function differenceTable(differences: readonly Difference[]): Table {
  const { what, a, b, differences: name } = runText.pair
  return {
    id: 'differences',
    caption: null,
    name,
    columns: [what, a, b].map(text => ({ text })),
    rows: differences.map(each => ({ name: each.name, cells: [numberCell(each.a), numberCell(each.b)] })),
    notes: [],
  }
}

/** The fewest blocks behind any figure, where they are too few for a claim; else `null`. */
export function tooFewBlocks(run: Run): number | null {
  const fewest = Math.min(...run.summary.filter(row => row.value !== null).map(row => row.n))
  return fewest < BLOCKS_FOR_A_CLAIM ? fewest : null
}

function aboutOf(name: string): Difference['about'] {
  if (MACHINE.includes(name)) return 'machine'
  if (NODE.includes(name)) return 'node'
  return CODE.includes(name) ? 'code' : 'other'
}

function wordsFor(name: string): string {
  return settingText(name, null)[0]
}

function said(name: string, values: Readonly<Record<string, unknown>>): string {
  return name in values ? settingText(name, values[name])[1] : MISSING
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])]
}
