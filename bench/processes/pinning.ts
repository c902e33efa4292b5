import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Which core each side runs on; `null` leaves it to the scheduler. */
export interface Pinning {
  readonly serverCore: number | null
  readonly loadCore: number | null
  /** For the report. */
  readonly description: string
}

/** With two cores or more and `taskset`, server and load get a core each, so that neither takes time from the other. */
export function choosePinning(): Pinning {
  if (availableParallelism() < 2) return unpinned('none: one core')
  try {
    // Each core by itself: given a list, taskset succeeds if any one of them may be used.
    for (const core of ['0', '1']) execFileSync('taskset', ['-c', core, 'true'], { stdio: 'ignore' })
  } catch {
    return unpinned('none: no taskset')
  }
  return { serverCore: 0, loadCore: 1, description: 'server on core 0; load and bench on core 1 (taskset)' }
}

/** Moves the bench itself to the load's core. */
export function joinLoad({ loadCore }: Pinning): void {
  if (loadCore === null) return
  execFileSync('taskset', ['-a', '-p', '-c', String(loadCore), String(process.pid)], { stdio: 'ignore' })
}

/** For a second trial at the same time: no server shares a core with its own load. */
export function crossed({ serverCore, loadCore, description }: Pinning): Pinning {
  return { serverCore: loadCore, loadCore: serverCore, description }
}

/** The command line that starts `argv` on `core`. */
export function pinned(core: number | null, argv: readonly string[]): readonly string[] {
  return core === null ? argv : ['taskset', '-c', String(core), ...argv]
}

function unpinned(description: string): Pinning {
  return { serverCore: null, loadCore: null, description }
}
