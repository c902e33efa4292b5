import { describe, expect, test } from 'vitest'
import { isLane, reloadOnce } from './reload.ts'
import type { Stored } from './stored.ts'

function storedFor(lasts: boolean): Stored {
  let present: string | null = null
  return {
    lasts,
    read: () => present,
    write: text => {
      present = text
    },
  }
}

describe('the page reloads itself', () => {
  test('never twice in a row for the same cause', () => {
    const kept = storedFor(true)
    const causes: string[] = []
    const tries = ['a', 'a', 'a', 'b', 'b', 'a'].filter(cause =>
      reloadOnce(cause, kept, () => causes.push(cause)),
    )
    expect(tries).toEqual(['a', 'b', 'a'])
    expect(causes).toEqual(tries)
  })

  test('never where the cause cannot be remembered, since that would be for ever', () => {
    expect(reloadOnce('a', storedFor(false), () => expect.unreachable())).toBe(false)
  })
})

describe('what the policy refused is a lane', () => {
  const refused = (effectiveDirective: string, blockedURI: string) =>
    isLane({ effectiveDirective, blockedURI }, 'http://127.0.0.1:3001')

  test.each([
    'http://127.0.0.1:3001/poll?cursor=now',
    'ws://127.0.0.1:3001/ws?cursor=now',
    'http://127.0.0.1:3001',
  ])('at %s', uri => {
    expect(refused('connect-src', uri)).toBe(true)
  })

  test.each([
    ['style-src-elem', 'inline'],
    ['style-src-elem', 'http://127.0.0.1:3001/added.css'],
    ['script-src-elem', 'chrome-extension'],
    ['connect-src', 'https://tracker.example/beacon'],
    ['connect-src', 'http://127.0.0.1:3010/poll'],
    ['connect-src', 'inline'],
    ['connect-src', ''],
  ])('and not for %s at "%s"', (directive, uri) => {
    expect(refused(directive, uri)).toBe(false)
  })
})
