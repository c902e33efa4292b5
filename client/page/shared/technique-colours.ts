import { TECHNIQUES, traitsOf } from '../../../server/protocol/techniques.ts'

/** Gives the page `--<technique>` for each technique: its colour in the present theme. */
export function installTechniqueColours(): void {
  const colours = TECHNIQUES.map(technique => {
    const { light, dark } = traitsOf(technique).colour
    return `--${technique}: light-dark(${light}, ${dark});`
  })
  // A constructed sheet: the page's policy allows no style in the markup.
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`:root { ${colours.join(' ')} }`)
  document.adoptedStyleSheets.push(sheet)
}
