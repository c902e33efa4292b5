import { expect, test } from 'vitest'
import { claimsBetweenUnequals, EQUALS, readEquals } from './equals.ts'
import { writeOutcome } from './outcome.ts'
import { isAsInjected } from './take-reading.ts'

test('of 200 runs of equals with real noise, at most 5 % claim any difference', { timeout: 60_000 }, () => {
  const reading = readEquals()
  writeOutcome({ ...EQUALS, readings: [reading] })
  expect(reading).toMatchObject({ verdict: 'as injected' })
  expect(isAsInjected(reading, reading.without)).toBe(false)
})

test('15 % more is found most of the time, and of nobody else', { timeout: 30_000 }, () => {
  const claims = claimsBetweenUnequals()
  const found = claims.filter(arms => arms.includes('websocket'))
  expect(found.length).toBeGreaterThan(claims.length * 0.6)
  const others = claims.filter(arms => arms.some(arm => arm !== 'websocket'))
  expect(others.length).toBeLessThanOrEqual(claims.length * 0.05)
})
