import type { SummaryRow } from '../../server/protocol/run.ts'
import { formatValue } from './format.ts'

/** How a reason begins by which a rate is known from below only: the load process was the limit, not the server. */
const AT_LEAST = 'At least:'

export function isLowerBound({ unit, reasons }: SummaryRow): boolean {
  return unit === '/s' && reasons.some(reason => reason.startsWith(AT_LEAST))
}

/** `4.2`, or `≥ 4.2` where it is a lower bound. */
export function formatFigure(row: SummaryRow, value: number): string {
  return `${isLowerBound(row) ? '≥ ' : ''}${formatValue(value)}`
}
