/**
 * Handles the unit that begins at `start` and returns where it ends, or −1 while it is not whole. It must not keep
 * `bytes`, which lie in a read buffer that the next read overwrites.
 */
export type TakeUnit = (bytes: Buffer, start: number) => number

/** No unit of the protocol comes near this: a stream that never completes one is broken, not slow. */
const UNIT_MAX_BYTES = 1024 * 1024

/**
 * Cuts a stream of bytes into whole units, wherever the network cut it. Whole units are handled in place; only an
 * incomplete rest is copied.
 */
export function createFraming(takeUnit: TakeUnit): (read: Buffer) => void {
  let rest: Buffer | null = null

  return read => {
    const bytes: Buffer = rest === null ? read : Buffer.concat([rest, read])
    let start = 0
    while (start < bytes.length) {
      const end = takeUnit(bytes, start)
      if (end === -1) break
      start = end
    }
    if (bytes.length - start > UNIT_MAX_BYTES)
      throw new Error(`no end of a unit within ${UNIT_MAX_BYTES} bytes`)
    rest = start < bytes.length ? Buffer.from(bytes.subarray(start)) : null
  }
}
