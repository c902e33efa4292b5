import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { projectRoot } from './project-root.ts'

describe('a tick that is kept', () => {
  it('survives a garbage collection, and keeps the shape of all ticks', async () => {
    expect(await firstTickAfterCollection('keepTicksFast()')).toBe('alive\n')
  })

  it('would not survive without being kept', async () => {
    expect(await firstTickAfterCollection('process.nextTick(() => {})')).toBe('gone\n')
  })
})

/** In a process of its own, because the first tick of this one is over. */
async function firstTickAfterCollection(begin: string): Promise<string> {
  const module = pathToFileURL(join(projectRoot(), 'dist/server/steady-ticks.js'))
  const program = `
    import { createHook } from 'node:async_hooks'
    import { setTimeout as delay } from 'node:timers/promises'
    import { keepTicksFast } from '${module}'
    let first
    const hook = createHook({
      init(_id, type, _trigger, resource) { if (type === 'TickObject') first ??= new WeakRef(resource) },
    }).enable()
    ${begin}
    hook.disable()
    await delay(20)
    gc()
    console.log(first.deref() === undefined ? 'gone' : 'alive')`
  const args = ['--expose-gc', '--input-type=module', '--eval', program]
  return (await promisify(execFile)(process.execPath, args)).stdout
}
