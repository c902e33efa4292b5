/** Numbers in [0, 1), the same ones for the same seed. */
export type Random = () => number

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state are enough to shuffle arms and draw phases. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A new array in a random order. */
export function shuffle<T>(items: readonly T[], random: Random): T[] {
  const keyed = items.map(item => ({ item, key: random() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}
