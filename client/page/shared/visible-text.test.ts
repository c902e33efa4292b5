import { expect, it } from 'vitest'
import { visibleText } from './visible-text.ts'

it.each([
  ['a bidirectional override', 'abc\u202Efed', 'abc⟨U+202E⟩fed'],
  ['an isolate', '\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩'],
  ['a zero-width space', 'pay\u200Bpal', 'pay⟨U+200B⟩pal'],
  ['a byte order mark', '\uFEFFx', '⟨U+FEFF⟩x'],
  ['a control character', 'a\u0007b\u001B[31m', 'a⟨U+0007⟩b⟨U+001B⟩[31m'],
  ['a line separator', 'a\u2028b', 'a⟨U+2028⟩b'],
  ['a tag beyond the basic plane', 'a\u{E0041}b', 'a⟨U+E0041⟩b'],
])('%s is shown by its code point', (_, given, shown) => {
  expect(visibleText(given)).toBe(shown)
})

it('everything else stays as it is', () => {
  const plain = '<script>alert(1)</script> häß 日本語 עברית 🌍 javascript:'
  expect(visibleText(plain)).toBe(plain)
})
