import { expect, test } from 'vitest'
import { chooseSourceAddresses } from './source-addresses.ts'

test('while one address has ports to spare, the kernel chooses', () => {
  expect(chooseSourceAddresses(10_000, 28_232)).toEqual([])
  expect(chooseSourceAddresses(10_000, null)).toEqual([])
})

test('when half of its ports are not enough, further loopback addresses are used', () => {
  expect(chooseSourceAddresses(15_000, 28_232)).toEqual(['127.0.0.1', '127.0.0.2'])
  expect(chooseSourceAddresses(300, 1).slice(254, 258)).toEqual([
    '127.0.0.255',
    '127.0.1.0',
    '127.0.1.1',
    '127.0.1.2',
  ])
})
