import { beforeEach, describe, expect, it } from 'vitest'
import { createMemo } from './memo.ts'

const made: string[] = []
beforeEach(() => {
  made.length = 0
})

describe('a memo', () => {
  it('makes the value of a key once, until it forgets', () => {
    const memo = open()
    expect(memo.of('a')).toBe(memo.of('a'))
    expect(made).toEqual(['a'])
    memo.forget()
    memo.of('a')
    expect(made).toEqual(['a', 'a'])
  })

  it('forgets everything with one value too many', () => {
    const memo = open()
    for (const question of ['a', 'b', 'c', 'd', 'a', 'd']) memo.of(question)
    expect(made).toEqual(['a', 'b', 'c', 'd', 'a'])
  })

  it('forgets everything with too many bytes, however few the values', () => {
    const memo = open()
    const [one, other] = ['a'.repeat(60), 'b'.repeat(60)]
    for (const question of [one, other, other, one]) memo.of(question)
    expect(made).toEqual([one, other, one])
  })

  it('does not remember a value that is too large alone, and keeps the others', () => {
    const memo = open()
    const large = 'l'.repeat(101)
    for (const question of ['a', large, large, 'a']) memo.of(question)
    expect(made).toEqual(['a', large, large])
  })

  it('counts its bytes from zero once it has forgotten', () => {
    const memo = open()
    for (let round = 0; round < 10; round += 1) {
      memo.of('x'.repeat(90))
      memo.forget()
    }
    memo.of('a')
    memo.of('b')
    memo.of('a')
    expect(made.slice(10)).toEqual(['a', 'b'])
  })

  it('remembers nothing if making it failed', () => {
    let refuses = true
    const memo = createMemo(
      (question: string) => {
        if (refuses) throw new Error('refused')
        return question
      },
      { count: 3, bytes: 100, bytesOf: question => question.length },
    )
    expect(() => memo.of('a')).toThrow('refused')
    refuses = false
    expect(memo.of('a')).toBe('a')
  })
})

/** A memo of at most three values and 100 bytes. */
function open() {
  return createMemo(
    (question: string) => {
      made.push(question)
      return { question }
    },
    { count: 3, bytes: 100, bytesOf: question => question.length },
  )
}
