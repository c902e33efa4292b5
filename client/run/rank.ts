/** How one figure stands to the best of those that it is compared with. */
export interface Rank {
  /** Figure ÷ best; `null` where the best is zero and this one is not. */
  readonly ratio: number | null
  /** `level`: nobody is behind, so nobody is the best. */
  readonly place: 'best' | 'equal' | 'behind' | 'level'
  /** 0 for the best and its equals, to 4: each step of the colour scale. */
  readonly step: number
}

/** Where each step of the colour scale begins, as a ratio to the best. Those that are equal are step 0. */
export const STEPS_FROM = [1, 1.5, 3, 10] as const

/**
 * Ranks what has a figure, in the order given; `null` for the rest, and for all where there is nothing to compare.
 * Equal within noise is equal in step: whoever is within noise of the one before, from the best on, shares its step.
 */
export function rank(
  values: readonly (number | null)[],
  noise: number,
  higherIsBetter: boolean,
): readonly (Rank | null)[] {
  const figures = values.filter(value => value !== null)
  if (figures.length < 2) return values.map(() => null)
  const sorted = [...new Set(figures)].sort((a, b) => (higherIsBetter ? b - a : a - b))
  const best = sorted[0] ?? 0
  const firstBehind = sorted.findIndex((value, index) => apart(sorted[index - 1] ?? best, value) > noise)
  const ranks = new Map<number, Rank>()
  let before = { value: best, step: 0 }
  for (const [index, value] of sorted.entries()) {
    const step = apart(before.value, value) <= noise ? before.step : stepOf(apart(best, value))
    const ratio = value === best ? 1 : best > 0 ? value / best : null
    ranks.set(value, { ratio, place: placeOf(index), step })
    before = { value, step }
  }
  return values.map(value => (value === null ? null : (ranks.get(value) ?? null)))

  function placeOf(index: number): Rank['place'] {
    if (firstBehind < 0) return 'level'
    if (index >= firstBehind) return 'behind'
    return index === 0 ? 'best' : 'equal'
  }
}

/** |ln ratio|; infinite between zero and anything else. */
function apart(one: number, other: number): number {
  if (one === other) return 0
  const ratio = other / one
  return ratio > 0 ? Math.abs(Math.log(ratio)) : Number.POSITIVE_INFINITY
}

/** 1 to 4. */
export function stepOf(lnRatio: number): number {
  // Ten times is ten times, though ln(1 ÷ 0.1) falls a hair short of ln 10.
  return STEPS_FROM.findLastIndex(from => Math.log(from) <= lnRatio + 1e-9) + 1
}
