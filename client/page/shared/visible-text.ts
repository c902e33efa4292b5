/** Control characters, and those of Unicode's category Cf: bidirectional overrides, zero-width characters and the like. */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

/**
 * Somebody else's text as it may be shown: what would be invisible, or would turn the text around it, is shown by its
 * code point instead, e.g. `⟨U+202E⟩`.
 */
export function visibleText(text: string): string {
  return text.replace(
    INVISIBLE,
    character => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )
}
