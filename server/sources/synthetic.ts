import type { Feed } from './feed.ts'

/** Events whose `data` is exactly so many bytes of JSON. */
export function syntheticFeed(payloadBytes: () => number): Feed {
  let data: string | number = 0
  let madeBytes = 0

  return () => {
    if (madeBytes !== payloadBytes()) {
      madeBytes = payloadBytes()
      // A string takes at least its two quotes, so one byte is a digit.
      data = madeBytes === 1 ? 0 : 'x'.repeat(madeBytes - 2)
    }
    return { type: 'synthetic', data, afterMs: 0 }
  }
}
