/**
 * Says, of `among` that come one after another, which `chosen` it shall be: evenly spread, from an offset in [0, 1)
 * that is drawn anew in each trial. Beyond `among` it goes on at the same density.
 */
export function createSpread(chosen: number, among: number, offset: number): () => boolean {
  if (chosen > among) throw new Error(`${chosen} cannot be chosen among ${among}: ask for fewer`)
  let seen = 0
  return () => {
    const before = chosenOf(seen)
    seen++
    return chosenOf(seen) > before
  }

  function chosenOf(first: number): number {
    return chosen === 0 ? 0 : Math.ceil((first * chosen) / among - offset)
  }
}
