/**
 * Splits bytes at LF into lines of at most `maxBytes`. Of a longer one nothing is kept, and `line` gets null in its
 * place. What comes after the last LF is a line once `end` is called.
 */
export function createBoundedLines(
  maxBytes: number,
  line: (bytes: Buffer | null) => void,
): { push(chunk: Buffer): void; end(): void } {
  let pieces: Buffer[] = []
  let bytes = 0

  return {
    push(chunk) {
      let from = 0
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
        add(chunk.subarray(from, at))
        finish()
        from = at + 1
      }
      add(chunk.subarray(from))
    },
    end() {
      if (bytes > 0) finish()
    },
  }

  function add(piece: Buffer): void {
    bytes += piece.length
    if (bytes > maxBytes) pieces = []
    else if (piece.length > 0) pieces.push(piece)
  }

  function finish(): void {
    const whole = bytes > maxBytes ? null : Buffer.concat(pieces)
    pieces = []
    bytes = 0
    line(whole)
  }
}

const LF = 0x0a
