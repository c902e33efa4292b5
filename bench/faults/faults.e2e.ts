import { afterAll, describe, it } from 'vitest'
import { findChromium, HOW_TO_GET_CHROMIUM } from '../../client/page/testing/chromium.ts'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { FULL_TIMES } from './contract-times.ts'
import { FAULTS, type FaultId, type FaultRow } from './testing/fault-table.ts'
import { missing, NGINX } from './testing/proxies.ts'
import { browserFault } from './testing/rows/browser-fault.ts'
import { churnFault } from './testing/rows/churn-fault.ts'
import { linkFaults } from './testing/rows/link-faults.ts'
import { loadFaults } from './testing/rows/load-faults.ts'
import { logFaults } from './testing/rows/log-faults.ts'
import { proxyFaults } from './testing/rows/proxy-faults.ts'
import { signalFaults } from './testing/rows/signal-faults.ts'
import { createTestbed, type FaultCounters, type FaultTest } from './testing/testbed.ts'

/** A row of the table without its test does not compile. */
const FAULT_TESTS: Readonly<Record<FaultId, FaultTest>> = {
  ...linkFaults,
  ...signalFaults,
  ...loadFaults,
  ...logFaults,
  ...proxyFaults,
  ...churnFault,
  ...browserFault,
}

const TIMEOUT_MS = FULL_TIMES ? 900_000 : 60_000
const NO_NGINX = missing(NGINX)
/** The rows that cannot be tested on this machine, and what to do about it. */
const MISSING: Readonly<Partial<Record<FaultId, string>>> = {
  ...(NO_NGINX !== null && { nginx: NO_NGINX }),
  ...(findChromium() === null && { 'four-pages': HOW_TO_GET_CHROMIUM }),
}

type Row = FaultRow & { readonly id: FaultId }
const rows: readonly Row[] = FAULTS

const counters: FaultCounters & { passed: number } = {
  passed: 0,
  lost: 0,
  repeated: 0,
  disordered: 0,
  otherViolations: 0,
  readers: 0,
  events: 0,
}

for (const sentence of new Set(Object.values(MISSING))) process.stderr.write(`${sentence}\n`)
afterAll(() => {
  process.stdout.write(`\n${summaryOf(counters)}\n`)
})

describe.concurrent('faults that do not disturb each other', () => {
  for (const row of rows) if (row.alone !== true) testRow(row)
})

describe('faults that need the process to themselves', () => {
  for (const row of rows) if (row.alone === true) testRow(row)
})

function testRow(row: Row): void {
  const techniques = row.together === undefined ? TECHNIQUES : TECHNIQUES.slice(0, 1)
  for (const technique of techniques)
    it.skipIf(MISSING[row.id] !== undefined)(
      testName(row, technique),
      () => run(row.id, technique),
      TIMEOUT_MS,
    )
}

function testName({ number, title, holds, together }: Row, technique: Technique): string {
  const subject = together === undefined ? technique : 'all together'
  return `${number}. ${subject}: ${title}; ${typeof holds === 'string' ? holds : holds(technique)}`
}

async function run(id: FaultId, technique: Technique): Promise<void> {
  const testbed = createTestbed(technique, counters)
  try {
    await FAULT_TESTS[id](testbed)
    counters.passed += 1
  } finally {
    await testbed.cleanUp()
  }
}

function summaryOf(counted: typeof counters): string {
  const { passed, lost, repeated, disordered, otherViolations, readers, events } = counted
  const contract = `${passed} fault tests passed, ${lost} undeclared losses, ${repeated} repeats, ${disordered} disordered`
  const others = otherViolations === 0 ? '' : `, ${otherViolations} other violations`
  return `${contract}${others} (${events} events to ${readers} readers)`
}
