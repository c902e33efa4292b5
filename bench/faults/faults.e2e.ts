import { afterAll, describe, it } from 'vitest'
import { findChromium, HOW_TO_GET_CHROMIUM } from '../../client/page/testing/chromium.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { FAULTS, type FaultRow } from './testing/fault-table.ts'
import { missing, NGINX } from './testing/proxies.ts'
import { SCENARIOS } from './testing/scenarios.ts'
import { createStage } from './testing/stage.ts'
import { createTally } from './testing/tally.ts'
import { FULL_TIMES } from './times.ts'

const CELL_TIMEOUT_MS = FULL_TIMES ? 900_000 : 60_000
const NO_NGINX = missing(NGINX)
/** What cannot be tried on this machine, and what to do about it. */
const MISSING: Readonly<Partial<Record<(typeof FAULTS)[number]['id'], string>>> = {
  ...(NO_NGINX !== null && { nginx: NO_NGINX }),
  ...(findChromium() === null && { 'four-pages': HOW_TO_GET_CHROMIUM }),
}

const tally = createTally()
const rows: readonly (FaultRow & { readonly id: keyof typeof SCENARIOS })[] = FAULTS

for (const sentence of new Set(Object.values(MISSING))) process.stderr.write(`${sentence}\n`)
afterAll(() => {
  process.stdout.write(`\n${tally.line}\n`)
})

describe.concurrent('faults that do not disturb each other', () => {
  for (const row of rows) if (row.alone !== true) cellsOf(row)
})

describe('faults of which each has the process to itself', () => {
  for (const row of rows) if (row.alone === true) cellsOf(row)
})

function cellsOf(row: FaultRow & { readonly id: keyof typeof SCENARIOS }): void {
  const techniques = row.together === undefined ? TECHNIQUES : TECHNIQUES.slice(0, 1)
  for (const technique of techniques) {
    if (row.except?.[technique] !== undefined) continue
    it.skipIf(MISSING[row.id] !== undefined)(
      sentence(row, technique),
      () => play(row.id, technique),
      CELL_TIMEOUT_MS,
    )
  }
}

function sentence(row: FaultRow, technique: Technique): string {
  const holds = typeof row.holds === 'string' ? row.holds : row.holds[technique]
  return `${row.number}. ${row.together === undefined ? technique : 'all four'}: ${row.title}; ${holds}`
}

async function play(id: keyof typeof SCENARIOS, technique: Technique): Promise<void> {
  const stage = createStage(technique, tally)
  try {
    await SCENARIOS[id](stage)
    tally.green()
  } finally {
    await stage.clear()
  }
}
