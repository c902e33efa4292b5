/** Splits bytes at LF into lines of at most `maxBytes`. A longer line is null, and none of it is kept. */
export interface BoundedLines {
  /** The lines that end in this chunk, each split off when it is taken. Take all of them before the next chunk. */
  split(chunk: Buffer): Generator<Buffer | null, undefined>
  /** What came after the last LF, if anything: the last line of an input that has ended. */
  rest(): Generator<Buffer | null, undefined>
}

export function createBoundedLines(maxBytes: number): BoundedLines {
  let pieces: Buffer[] = []
  let bytes = 0

  return { split, rest }

  function* split(chunk: Buffer): Generator<Buffer | null, undefined> {
    let from = 0
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      add(chunk.subarray(from, at))
      from = at + 1
      yield take()
    }
    add(chunk.subarray(from))
  }

  function* rest(): Generator<Buffer | null, undefined> {
    if (bytes > 0) yield take()
  }

  function add(piece: Buffer): void {
    bytes += piece.length
    if (bytes > maxBytes) pieces = []
    else if (piece.length > 0) pieces.push(piece)
  }

  function take(): Buffer | null {
    const whole = bytes > maxBytes ? null : Buffer.concat(pieces)
    pieces = []
    bytes = 0
    return whole
  }
}

const LF = 0x0a
