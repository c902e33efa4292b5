import type { BenchRun } from '../result.ts'

export interface Difference {
  readonly what: string
  readonly in: readonly [a: string, b: string]
}

/** What must be the same before absolute figures of two runs may be held against each other. */
const MACHINE = ['cpu', 'cores', 'virtualisation', 'kernel'] as const

export function differencesBetween(a: BenchRun, b: BenchRun): Difference[] {
  const machine = ({ provenance }: BenchRun) => MACHINE.map(name => provenance[name] ?? 'unknown').join(', ')
  const compared: readonly (readonly [what: string, of: (run: BenchRun) => string])[] = [
    ['the machine', machine],
    ['Node', ({ provenance }) => String(provenance['node'])],
    ['the pinning', ({ provenance }) => String(provenance['pinning'])],
    ['the tier', ({ tier }) => tier],
  ]
  return compared
    .map(([what, of]) => ({ what, in: [of(a), of(b)] as const }))
    .filter(({ in: [inA, inB] }) => inA !== inB)
}

/** `readers 200 and 100`, for each axis that differs. */
export function differingAxes(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return names
    .filter(name => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
    .map(name => `${name} ${String(a[name] ?? 'none')} and ${String(b[name] ?? 'none')}`)
}
