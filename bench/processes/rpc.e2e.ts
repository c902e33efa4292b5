import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { COMPILED_BENCH } from './child.ts'
import { createCaller } from './rpc.ts'

type TestCommands = {
  readonly early: (word: string) => string
  readonly late: (word: string) => string
  readonly fail: () => never
  readonly silent: () => Promise<never>
  readonly leave: () => void
}

/** Two parties in one process: the second begins to answer only when the first is told to let it. */
const PROGRAM = `
  import { answerCalls } from ${JSON.stringify(new URL('processes/rpc.js', COMPILED_BENCH).href)}
  answerCalls({
    early(word) {
      setTimeout(() => answerCalls({ late: word => 'late ' + word }), 50)
      return 'early ' + word
    },
    fail() {
      throw new Error('it cannot')
    },
    silent: () => new Promise(() => {}),
    leave: () => process.exit(3),
  })`

function startProgram(deadlineMs = 10_000) {
  const folder = mkdtempSync(join(tmpdir(), 'rpc-'))
  writeFileSync(join(folder, 'program.mjs'), PROGRAM)
  const child = fork(join(folder, 'program.mjs'), { stdio: 'ignore' })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })
  return createCaller<TestCommands>(child, 'the program', deadlineMs)
}

test('calls wait for the party that answers them', async () => {
  const call = startProgram()
  expect(await Promise.all([call('late', 'one'), call('early', 'two'), call('late', 'three')])).toEqual([
    'late one',
    'early two',
    'late three',
  ])
})

test('an error, an end and a silence of the child are errors that name it', async () => {
  const call = startProgram(1_000)
  await expect(call('fail')).rejects.toThrow('the program: it cannot')
  await expect(call('silent')).rejects.toThrow('the program: no answer to "silent" within 1 s')
  await expect(call('leave')).rejects.toThrow('the program: the program ended (exit code 3)')
})
