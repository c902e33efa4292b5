import { STEPS_FROM } from '../../run/ranking.ts'
import { runText } from '../../run/text/en.ts'
import { element } from '../shared/element.ts'

/** What the colours of the tables say, in numbers. */
export function rankLegend(): HTMLElement {
  return legend(runText.scale.title, [
    swatch('0', runText.scale.equal),
    ...steps().map(({ step, words }) => swatch(`${step}`, words)),
  ])
}

/** The same for two runs: one hue for worse, one for better, and none where no difference is claimed. */
export function pairLegend(): HTMLElement {
  const { scale, scaleBetter, scaleWorse } = runText.pair
  return legend(scale, [
    ...steps()
      .toReversed()
      .map(({ step, words }) => swatch(`better-${step}`, `${scaleBetter} ${words}`)),
    ...steps().map(({ step, words }) => swatch(`worse-${step}`, `${scaleWorse} ${words}`)),
  ])
}

function steps(): readonly { readonly step: number; readonly words: string }[] {
  return STEPS_FROM.map((from, index) => ({
    step: index + 1,
    words: runText.scale.step(from, STEPS_FROM[index + 1] ?? null),
  }))
}

function legend(title: string, swatches: readonly HTMLElement[]): HTMLElement {
  return element(
    'figure',
    { class: 'scale' },
    element('figcaption', {}, title),
    element('ul', {}, ...swatches),
  )
}

function swatch(step: string, words: string): HTMLElement {
  return element(
    'li',
    {},
    element('span', { class: 'swatch', 'data-step': step, 'aria-hidden': 'true' }),
    words,
  )
}
