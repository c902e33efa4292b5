import type { Range } from '../../server/protocol/run.ts'

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const significant3 = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })
const significant2 = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 2 })

/** What stands where nothing was measured. */
export const NOTHING = '–'

/** `0.42 ms`, `4.2 ms`, `541 ms`, `1.25 s`, `26.3 s`. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return NOTHING
  const size = Math.abs(ms)
  if (size >= 999.5) return `${significant3.format(ms / 1_000)} s`
  if (size >= 9.95) return `${whole.format(ms)} ms`
  return `${significant2.format(ms)} ms`
}

/** A latency that the clock cannot tell from zero is shown as the bound it is. */
export function formatLatency(ms: number | null, uncertaintyMs: number): string {
  if (ms === null) return NOTHING
  return ms < uncertaintyMs ? `< ${formatMs(uncertaintyMs)}` : formatMs(ms)
}

/** A setting in milliseconds, never rounded to seconds: `1,000 ms`. */
export function formatInterval(ms: number): string {
  return `${whole.format(ms)} ms`
}

/** `0.5/s`, `20/s`, `1,000/s`. */
export function formatRate(perSecond: number): string {
  return `${perSecond >= 100 ? whole.format(perSecond) : significant3.format(perSecond)}/s`
}

export function formatCount(count: number): string {
  return whole.format(count)
}

/** Requests per event: `2.04`, `0.03`, `0`. */
export function formatRatio(ratio: number | null): string {
  if (ratio === null) return NOTHING
  if (ratio < 0.005) return '0'
  return ratio < 10 ? ratio.toFixed(2) : whole.format(ratio)
}

export function formatBytes(bytes: number | null): string {
  return bytes === null ? NOTHING : `${whole.format(bytes)} B`
}

/** A measured value without its unit: three significant digits, no exponent. */
export function formatValue(value: number): string {
  return Math.abs(value) >= 1_000 ? whole.format(value) : significant3.format(value)
}

/** From the smallest to the largest; one number where both read the same. */
export function formatSpan({ low, high }: Range, format: (value: number) => string = formatValue): string {
  const [from, to] = [format(low), format(high)]
  return from === to ? from : `${from}–${to}`
}

/** `0.9 %`, `6.5 %`, `13 %`, `100 %`. */
export function formatShare(share: number): string {
  return `${formatPercent(share)} %`
}

export function formatPercent(share: number): string {
  return String(Number((share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)))
}
