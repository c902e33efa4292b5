import type { ChildProcess } from 'node:child_process'

const ADDRESS = /^(https?:\/\/\S+)\r?\n/m
const START_DEADLINE_MS = 15_000
const KEPT_CHARACTERS = 2_000

/**
 * The address that a server prints on stdout once it listens. Rejects, with what it printed, when it ends before that or
 * takes too long; the caller still has to end it then. Errors call it `name`.
 */
export function printedAddress(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    const deadline = setTimeout(() => fail('did not start'), START_DEADLINE_MS)
    // Both are read to the end: a pipe that is full stops the server.
    child.stdout?.setEncoding('utf8').on('data', text => {
      stdout = (stdout + text).slice(-KEPT_CHARACTERS)
      const address = ADDRESS.exec(stdout)?.[1]
      if (address === undefined) return
      clearTimeout(deadline)
      resolve(address)
    })
    child.stderr?.setEncoding('utf8').on('data', text => {
      stderr = (stderr + text).slice(-KEPT_CHARACTERS)
    })
    child.once('error', error => fail(`could not be started: ${error.message}`))
    child.once('close', () => fail('ended before it listened'))

    function fail(what: string): void {
      clearTimeout(deadline)
      reject(new Error(`${name} ${what}: ${(stdout + stderr).trim() || 'it printed nothing'}`))
    }
  })
}
