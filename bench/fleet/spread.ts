/**
 * Chooses `chosen` of the `among` that come one after another, evenly spread from an offset in [0, 1) that is drawn
 * anew in each trial. The function returned says of each, in turn, whether it is chosen; beyond `among` it goes on at the
 * same density.
 */
export function createSpread(chosen: number, among: number, offset: number): () => boolean {
  if (chosen > among) throw new Error(`${chosen} cannot be chosen among ${among}: choose fewer`)
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
