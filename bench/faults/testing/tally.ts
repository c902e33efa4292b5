import type { Violation } from '../ledger.ts'

/** What all cells together came to, in one line. */
export interface Tally {
  add(violations: readonly Violation[], undeclaredGaps: number, readers: number, events: number): void
  green(): void
  readonly line: string
}

export function createTally(): Tally {
  const counts = { green: 0, lost: 0, repeated: 0, disordered: 0, other: 0, readers: 0, events: 0 }

  return {
    add(violations, undeclaredGaps, readers, events) {
      counts.lost += undeclaredGaps
      for (const { fault } of violations) {
        if (fault === 'lost' || fault === 'repeated' || fault === 'disordered') counts[fault] += 1
        else counts.other += 1
      }
      counts.readers += readers
      counts.events += events
    },
    green() {
      counts.green += 1
    },
    get line() {
      const { green, lost, repeated, disordered, other, readers, events } = counts
      const contract = `${green} cells green, ${lost} undeclared losses, ${repeated} repeats, ${disordered} disorder`
      const rest = other === 0 ? '' : `, ${other} other violations`
      return `${contract}${rest} (${events} events to ${readers} readers)`
    },
  }
}
