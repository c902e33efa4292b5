import { expect, test } from 'vitest'
import { createFraming } from './framing.ts'

/** Units that end with a line feed. */
function lines() {
  const taken: string[] = []
  const read = createFraming((bytes, start) => {
    const end = bytes.indexOf('\n', start)
    if (end === -1) return -1
    taken.push(bytes.toString('utf8', start, end))
    return end + 1
  })
  return { taken, read }
}

test.each([1, 2, 3, 7, 100])('units are whole, wherever the network cuts: every %i bytes', length => {
  const { taken, read } = lines()
  const whole = Buffer.from('a\n\nä😀\r\n\ufeff\n')
  for (let at = 0; at < whole.length; at += length) read(whole.subarray(at, at + length))
  expect(taken).toEqual(['a', '', 'ä😀\r', '\ufeff'])
})

test('an incomplete rest is copied, because the read buffer is used again', () => {
  const { taken, read } = lines()
  const buffer = Buffer.from('ab')
  read(buffer)
  buffer.write('\n\n')
  read(buffer.subarray(0, 1))
  expect(taken).toEqual(['ab'])
})

test('a unit that never ends is given up after 1 MiB, not kept forever', () => {
  const { taken, read } = lines()
  const piece = Buffer.alloc(64 * 1024, 'x')
  for (let kept = 0; kept < 2 ** 20; kept += piece.length) read(piece)
  expect(() => read(piece)).toThrow('no end of a unit within 1048576 bytes')
  expect(taken).toEqual([])
})
