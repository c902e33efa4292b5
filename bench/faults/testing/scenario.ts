import type { Stage } from './stage.ts'

/** One fault as it happens on a stage; rejects if something does not hold that must. */
export type Scenario = (stage: Stage) => Promise<void>
