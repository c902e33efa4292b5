import { expect, test } from 'vitest'
import { TECHNIQUES, type Technique } from '../../server/protocol/techniques.ts'
import { RETRY_POLICY } from './retry-policy.ts'
import type { LossReason } from './subscription.ts'
import { createTechniqueChoice } from './technique-choice.ts'

/** A technique that is not in the list, and three that are. */
const [OUTSIDE, FIRST, SECOND, THIRD] = TECHNIQUES
const LIST: readonly Technique[] = [FIRST, SECOND, THIRD]

function after(losses: readonly (LossReason | 'worked')[], first: Technique, fallback: readonly Technique[]) {
  const choice = createTechniqueChoice(first, fallback, RETRY_POLICY)
  for (const loss of losses) {
    if (loss === 'worked') choice.worked()
    else choice.failed(loss)
  }
  return choice.technique
}

test.each<[string, (LossReason | 'worked')[], Technique]>([
  ['one mute try', ['mute'], FIRST],
  ['two mute tries', ['mute', 'mute'], SECOND],
  ['two mute tries apart', ['mute', 'unreachable', 'mute'], FIRST],
  ['two mute tries with a good link between them', ['mute', 'worked', 'mute'], FIRST],
  ['four refusals', Array(4).fill('refused'), FIRST],
  ['five refusals', Array(5).fill('refused'), SECOND],
  ['five failures of several kinds', ['refused', 'unreachable', 'mute', 'broken', 'refused'], SECOND],
  ['four mute tries', Array(4).fill('mute'), THIRD],
  ['six mute tries, once round the list', Array(6).fill('mute'), FIRST],
])('after %s', (_, losses, technique) => {
  expect(after(losses, FIRST, LIST)).toBe(technique)
})

test('begins anywhere in the list, or outside of it', () => {
  expect(after(['mute', 'mute'], SECOND, LIST)).toBe(THIRD)
  expect(after(['mute', 'mute'], OUTSIDE, LIST)).toBe(FIRST)
  expect(after(Array(8).fill('mute'), OUTSIDE, LIST)).toBe(OUTSIDE)
})

test('without a fallback, or with none but itself, the technique stays', () => {
  expect(after(Array(50).fill('mute'), FIRST, [])).toBe(FIRST)
  expect(after(Array(50).fill('mute'), FIRST, [FIRST, FIRST])).toBe(FIRST)
})
