import type { Feed } from './feed.ts'

/** Events whose `data` is text of exactly so many bytes as JSON, and nothing else. */
export function syntheticFeed(payloadBytes: () => number): Feed {
  let data: string | number = 0
  let madeBytes = 0

  return () => {
    if (madeBytes !== payloadBytes()) {
      madeBytes = payloadBytes()
      // Two quotes are the least that a string takes; one byte is a digit.
      data = madeBytes === 1 ? 0 : 'x'.repeat(madeBytes - 2)
    }
    return { type: 'synthetic', data, afterMs: 0 }
  }
}
