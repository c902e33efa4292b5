/** Why bytes are no text that can be read here; what follows "it is". */
export type NoText = 'UTF-16, as some Windows shells write: make it UTF-8' | 'not UTF-8'

/** Reads UTF-8, without the byte order mark that it may begin with. Nothing is replaced: what is not UTF-8 is refused. */
export function readText(bytes: Uint8Array): { readonly text: string } | { readonly fault: NoText } {
  // JSON has no NUL, and every character that it needs has one in UTF-16.
  if (
    bytes.includes(0) ||
    (bytes.length > 1 && [0xfeff, 0xfffe].includes(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)))
  ) {
    return { fault: 'UTF-16, as some Windows shells write: make it UTF-8' }
  }
  try {
    return { text: UTF_8.decode(bytes) }
  } catch {
    return { fault: 'not UTF-8' }
  }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true })
