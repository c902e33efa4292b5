import { beforeEach, describe, expect, it } from 'vitest'
import { createOnce, KEY_KEPT_MS, KEYS_KEPT, type Once } from './idempotency.ts'

let nowMs: number
let published: number
let once: Once
beforeEach(() => {
  nowMs = 0
  published = 0
  once = createOnce(() => nowMs)
})

describe('a key', () => {
  it('publishes once, for two minutes', async () => {
    expect(await publish('key')).toBe('cursor-1')
    nowMs = KEY_KEPT_MS - 1
    expect(await publish('key')).toBe('cursor-1')
    nowMs = KEY_KEPT_MS
    expect(await publish('key')).toBe('cursor-2')
  })

  it('is forgotten when there are too many newer ones, the oldest first', async () => {
    for (let n = 0; n <= KEYS_KEPT; n += 1) await publish(`key-${n}`)
    expect(await publish('key-1')).toBe('cursor-2')
    expect(await publish('key-0')).toBe(`cursor-${KEYS_KEPT + 2}`)
  })

  it('refuses another body, and is free again if nothing was published', async () => {
    await publish('key')
    await expect(once('key', 'another body', async () => 'cursor')).rejects.toMatchObject({ statusCode: 409 })
    const refuse = async () => Promise.reject(new Error('refused'))
    await expect(once('other', 'body', refuse)).rejects.toThrow('refused')
    expect(await publish('other')).toBe('cursor-2')
  })
})

function publish(key: string): Promise<string> {
  return once(key, 'body', async () => {
    published += 1
    return `cursor-${published}`
  })
}
