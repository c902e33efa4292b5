import type { FaultId } from './fault-table.ts'
import { browserFault } from './rows/browser-fault.ts'
import { churnFault } from './rows/churn-fault.ts'
import { linkFaults } from './rows/link-faults.ts'
import { loadFaults } from './rows/load-faults.ts'
import { logFaults } from './rows/log-faults.ts'
import { proxyFaults } from './rows/proxy-faults.ts'
import { signalFaults } from './rows/signal-faults.ts'
import type { Scenario } from './scenario.ts'

/** A row of the table without its scenario does not compile. */
export const SCENARIOS: Readonly<Record<FaultId, Scenario>> = {
  ...linkFaults,
  ...signalFaults,
  ...loadFaults,
  ...logFaults,
  ...proxyFaults,
  ...churnFault,
  ...browserFault,
}
