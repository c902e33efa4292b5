/** Why bytes cannot be read as text; completes the sentence "it is …". */
export type NoText = 'UTF-16, as some Windows shells write: make it UTF-8' | 'not UTF-8'

/** Decodes UTF-8 and drops a byte order mark at its start. Invalid bytes are a fault and are not replaced. */
export function readText(bytes: Uint8Array): { readonly text: string } | { readonly fault: NoText } {
  // JSON has no NUL, and in UTF-16 every character of its syntax has one.
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
