/**
 * A token bucket for each key: `burst` at once, refilled at `perSecond`. Spends one token; returns false if none is left.
 * A key that has had time to refill is forgotten, so that memory is bounded by the requests of that time.
 */
export type Budget = (key: string) => boolean

export interface BudgetSize {
  readonly burst: number
  readonly perSecond: number
}

interface Bucket {
  left: number
  filledAtMs: number
}

/** On `monotonicMs`, because a wall clock that is set back would stop the refill. */
export function createBudget({ burst, perSecond }: BudgetSize, monotonicMs: () => number): Budget {
  // In the order of their last use.
  const buckets = new Map<string, Bucket>()
  const fillMs = (burst / perSecond) * 1000

  return key => {
    const nowMs = monotonicMs()
    const bucket = buckets.get(key) ?? { left: burst, filledAtMs: nowMs }
    bucket.left = Math.min(burst, bucket.left + ((nowMs - bucket.filledAtMs) / 1000) * perSecond)
    bucket.filledAtMs = nowMs
    forgetFull(nowMs)
    buckets.delete(key)
    buckets.set(key, bucket)
    if (bucket.left < 1) return false
    bucket.left -= 1
    return true
  }

  function forgetFull(nowMs: number): void {
    for (const [key, { filledAtMs }] of buckets) {
      if (nowMs - filledAtMs <= fillMs) return
      buckets.delete(key)
    }
  }
}
