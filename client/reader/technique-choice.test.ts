import { expect, test } from 'vitest'
import type { Technique } from '../../server/protocol/techniques.ts'
import { RETRY_POLICY } from './retry-policy.ts'
import type { LossReason } from './subscription.ts'
import { createTechniqueChoice } from './technique-choice.ts'

const LIST: readonly Technique[] = ['sse', 'websocket', 'long-poll']

function after(losses: readonly (LossReason | 'worked')[], first: Technique, fallback: readonly Technique[]) {
  const choice = createTechniqueChoice(first, fallback, RETRY_POLICY)
  for (const loss of losses) {
    if (loss === 'worked') choice.worked()
    else choice.failed(loss)
  }
  return choice.technique
}

test.each<[string, (LossReason | 'worked')[], Technique]>([
  ['one mute try', ['mute'], 'sse'],
  ['two mute tries', ['mute', 'mute'], 'websocket'],
  ['two mute tries apart', ['mute', 'unreachable', 'mute'], 'sse'],
  ['two mute tries with a good link between them', ['mute', 'worked', 'mute'], 'sse'],
  ['four refusals', Array(4).fill('refused'), 'sse'],
  ['five refusals', Array(5).fill('refused'), 'websocket'],
  ['five failures of several kinds', ['refused', 'unreachable', 'mute', 'broken', 'refused'], 'websocket'],
  ['four mute tries', Array(4).fill('mute'), 'long-poll'],
  ['six mute tries, once round the list', Array(6).fill('mute'), 'sse'],
])('after %s', (_, losses, technique) => {
  expect(after(losses, 'sse', LIST)).toBe(technique)
})

test('begins anywhere in the list, or outside of it', () => {
  expect(after(['mute', 'mute'], 'websocket', LIST)).toBe('long-poll')
  expect(after(['mute', 'mute'], 'poll', LIST)).toBe('sse')
  expect(after(Array(8).fill('mute'), 'poll', LIST)).toBe('poll')
})

test('without a fallback, or with none but itself, the technique stays', () => {
  expect(after(Array(50).fill('mute'), 'sse', [])).toBe('sse')
  expect(after(Array(50).fill('mute'), 'sse', ['sse', 'sse'])).toBe('sse')
})
