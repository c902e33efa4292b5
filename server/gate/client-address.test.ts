import { describe, expect, it } from 'vitest'
import { bareAddress, countedAs, trustOf } from './client-address.ts'

describe('the address that is counted', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:51234', '203.0.113.9'],
    ['"203.0.113.9:51234"', '203.0.113.9'],
    [' 203.0.113.9 ', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['[::ffff:203.0.113.9]:443', '203.0.113.9'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
    ['[2001:DB8:0::1]', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0000:ffff:1:2:3', '2001:db8:0:0::/64'],
    ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('of %s is %s', (written, counted) => {
    expect(countedAs(written)).toBe(counted)
  })

  it.each([
    '',
    'unknown',
    '_hidden',
    '203.0.113',
    '203.0.113.9:',
    '1.2.3.4:5:6',
    '[2001:db8::1',
    'a.example',
  ])('of "%s" is none', written => {
    expect(bareAddress(written)).toBeNull()
    expect(countedAs(written)).toBeNull()
  })
})

describe('a trusted proxy', () => {
  const isProxy = trustOf(['127.0.0.1', '10.0.0.0/8', '2001:db8::/32'])

  it.each(['127.0.0.1', '127.0.0.1:80', '::ffff:127.0.0.1', '10.1.2.3:9', '2001:db8::7', '[2001:db8::7]:80'])(
    'is %s',
    address => expect(isProxy(address)).toBe(true),
  )

  it.each(['127.0.0.2', '11.0.0.1', '2001:db9::1', 'unknown', ''])('is not "%s"', address =>
    expect(isProxy(address)).toBe(false),
  )
})
