/** Control characters, and those of Unicode's category Cf: bidirectional overrides, zero-width characters and the like. */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

/**
 * Makes text from outside safe to show. Characters that are invisible, or that change the direction of the text around
 * them, are shown by their code point, e.g. `⟨U+202E⟩`.
 */
export function visibleText(text: string): string {
  return text.replace(
    INVISIBLE,
    character => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )
}
