import { expect, it } from 'vitest'
import { createBudget } from './budget.ts'

function budget(burst = 3, perSecond = 2) {
  const clock = { nowMs: 0 }
  const spend = createBudget({ burst, perSecond }, () => clock.nowMs)
  const spendAll = (key = 'a', most = 100) =>
    Array.from({ length: most }, () => spend(key)).filter(Boolean).length
  return { clock, spend, spendAll }
}

it('admits a burst, then as much as is refilled', () => {
  const { clock, spendAll } = budget()
  expect(spendAll()).toBe(3)
  clock.nowMs += 1000
  expect(spendAll()).toBe(2)
  clock.nowMs += 3_600_000
  expect(spendAll()).toBe(3)
})

it('counts each key separately, and is fair to one that comes back after many others', () => {
  const { clock, spend, spendAll } = budget()
  expect(spendAll('a')).toBe(3)
  for (let n = 0; n < 1000; n += 1) expect(spend(`other ${n}`)).toBe(true)
  expect(spend('a')).toBe(false)
  clock.nowMs += 500
  expect(spend('a')).toBe(true)
  expect(spend('a')).toBe(false)
})

it('refuses no key for ever because its last try was refused', () => {
  const { clock, spend, spendAll } = budget(1, 1)
  expect(spendAll()).toBe(1)
  for (let step = 0; step < 20; step += 1) {
    clock.nowMs += 100
    spend('a')
  }
  clock.nowMs += 1000
  expect(spend('a')).toBe(true)
})
