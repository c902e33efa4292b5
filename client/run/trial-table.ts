import type { Run, RunTrial, TrialCheck } from '../../server/protocol/run.ts'
import { formatCount } from './format.ts'
import { numberCell, type Row, type Table } from './table.ts'
import {
  armName,
  factSentence,
  limitsText,
  placeLabel,
  runText,
  scenarioTitle,
  verdictText,
} from './text/en.ts'

/** Every trial with what the instrument doubted in it. */
export function trialTable({ trials }: Pick<Run, 'trials'>): Table {
  const { checks: words, arm } = runText
  const heads = [arm, words.scenario, words.block, words.publishes, words.verdict, words.checks]
  return {
    id: 'trials',
    caption: words.caption,
    name: words.caption,
    columns: heads.map(text => ({ text })),
    rows: trials.map(rowOf),
    notes: [],
  }
}

function rowOf({ arm, as, at, twin, scenario, block, publishes, verdict, reasons, checks }: RunTrial): Row {
  const words = runText.checks
  const name = armName(arm, as)
  const doubts = checks.filter(check => check.verdict !== 'ok').map(doubtText)
  const passed = checks.filter(check => check.verdict === 'ok').length
  return {
    name: twin ? `${name}, ${words.again}` : name,
    arm,
    cells: [
      [scenarioTitle(scenario), ...(at === null ? [] : [placeLabel(at)])].join(', '),
      numberCell(String(block)),
      publishes === null ? '' : numberCell(formatCount(publishes)),
      { words: verdictText(verdict) || words.verdictOk, verdict, small: [] },
      {
        words: words.passed(passed, checks.length),
        small: [...doubts, ...(verdict === 'failed' ? reasons.map(factSentence) : [])],
      },
    ],
  }
}

/** The sentence, and beyond what it is said. */
function doubtText({ code, params, limits }: TrialCheck): string {
  const beyond = limitsText(limits)
  return `${factSentence({ code, params })}${beyond === '' ? '' : ` (${beyond})`}`
}
