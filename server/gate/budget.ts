/**
 * So much for each key: `burst` at once, refilled at `perSecond`. Spends one of it; false where nothing is left.
 * A key that has had time to refill is forgotten, so that what is kept is bounded by what is asked in that time.
 */
export type Budget = (key: string) => boolean

export interface BudgetSize {
  readonly burst: number
  readonly perSecond: number
}

interface Account {
  left: number
  filledAtMs: number
}

/** `monotonicMs`, since a wall clock that is set back would leave everybody without a refill. */
export function createBudget({ burst, perSecond }: BudgetSize, monotonicMs: () => number): Budget {
  // In the order of their last use.
  const accounts = new Map<string, Account>()
  const fillMs = (burst / perSecond) * 1000

  return key => {
    const nowMs = monotonicMs()
    const account = accounts.get(key) ?? { left: burst, filledAtMs: nowMs }
    account.left = Math.min(burst, account.left + ((nowMs - account.filledAtMs) / 1000) * perSecond)
    account.filledAtMs = nowMs
    forgetFull(nowMs)
    accounts.delete(key)
    accounts.set(key, account)
    if (account.left < 1) return false
    account.left -= 1
    return true
  }

  function forgetFull(nowMs: number): void {
    for (const [key, { filledAtMs }] of accounts) {
      if (nowMs - filledAtMs <= fillMs) return
      accounts.delete(key)
    }
  }
}
