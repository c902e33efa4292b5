/** Draws from [0, 1); the same seed gives the same sequence. */
export type Random = () => number

/**
 * SplitMix32: a Weyl sequence through a 32-bit mixer. Good enough for intervals, and repeatable, unlike `Math.random`.
 * `seed` is any integer; only its low 32 bits count.
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    mixed ^= mixed >>> 15
    return (mixed >>> 0) / 2 ** 32
  }
}
