import { describe, expect, test } from 'vitest'
import { TECHNIQUES } from '../../../../server/protocol/techniques.ts'
import type { Stored } from '../../shared/stored.ts'
import { LANES_AT_FIRST, openLaneChoice } from './lane-choice.ts'

function open(search = '', remembered: string | null = null) {
  const urls: string[] = []
  let present = remembered
  const kept: Stored = {
    lasts: true,
    read: () => present,
    write: text => {
      present = text
    },
  }
  const choice = openLaneChoice(kept, { pathname: '/lab/', search, hash: '#a' }, url => urls.push(url))
  return { choice, urls, remembered: () => present }
}

describe('the lanes that are on', () => {
  test('are at first those that the traits name', () => {
    expect(open().choice.on).toEqual(LANES_AT_FIRST)
    expect(LANES_AT_FIRST).toEqual(expect.arrayContaining(['poll', 'long-poll', 'sse', 'websocket']))
  })

  test('are those of the last visit, and those of the address before that', () => {
    expect(open('', 'sse,poll').choice.on).toEqual(['poll', 'sse'])
    expect(open('?lanes=websocket', 'sse,poll').choice.on).toEqual(['websocket'])
  })

  test('may be none, and leave out names that no technique has', () => {
    expect(open('?lanes=').choice.on).toEqual([])
    expect(open('?lanes=nonsense,sse').choice.on).toEqual(['sse'])
  })

  test('are remembered and written into the address when one is switched, in the order of the techniques', () => {
    const { choice, urls, remembered } = open('?fallback=sse,poll', 'websocket')
    expect(choice.set('poll', true)).toEqual(['poll', 'websocket'])
    expect(choice.on).toEqual(['poll', 'websocket'])
    expect(remembered()).toBe('poll,websocket')
    expect(urls).toEqual(['/lab/?fallback=sse%2Cpoll&lanes=poll,websocket#a'])
  })

  test('are forgotten again when they are those of the start, so that a later start may have others', () => {
    const [first = 'poll', ...rest] = LANES_AT_FIRST
    const { choice, urls, remembered } = open(`?lanes=${rest}`, `${rest}`)
    choice.set(first, true)
    expect([remembered(), urls.at(-1)]).toEqual([null, '/lab/#a'])
    expect(TECHNIQUES).toContain(first)
  })
})
