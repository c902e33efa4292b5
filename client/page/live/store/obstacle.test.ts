import { describe, expect, test } from 'vitest'
import type { CommandFailure } from './command-failure.ts'
import { type Circumstances, type CommandName, cutsOthers, obstacleTo } from './obstacle.ts'

const FINE: Circumstances = { server: 'ready', role: 'owner', source: { kind: 'replay' }, forbidden: null }
const COMMANDS: readonly CommandName[] = ['rate', 'pause', 'emit', 'burst', 'kill', 'reset']
const OFF: CommandFailure = {
  name: 'refused',
  status: 403,
  refusal: { code: 'commands-off', params: {}, error: 'Start the server with --token.' },
}
const blocked = (given: Partial<Circumstances>) =>
  COMMANDS.filter(command => obstacleTo(command, { ...FINE, ...given }) !== null)

describe('what can be used', () => {
  test('is everything while the server is there, in a viewer tab too', () => {
    expect(blocked({})).toEqual([])
    expect(blocked({ role: 'viewer' })).toEqual([])
  })

  test('is no command while the server is gone, or not yet there', () => {
    expect(blocked({ server: 'gone' })).toEqual(COMMANDS)
    expect(blocked({ server: 'connecting' })).toEqual(COMMANDS)
  })

  test('is every command while only the page’s WebSocket does not reach the server', () => {
    expect(blocked({ server: 'api-only' })).toEqual([])
  })

  test('is no command where the server refuses them, with its refusal as the reason', () => {
    expect(blocked({ forbidden: OFF })).toEqual(COMMANDS)
    expect(obstacleTo('kill', { ...FINE, forbidden: OFF })).toEqual({
      name: 'forbidden',
      failure: OFF,
    })
  })

  test('of standard input is the pause and no rate; of no source neither', () => {
    expect(blocked({ source: { kind: 'stdin' } })).toEqual(['rate'])
    expect(blocked({ source: { kind: 'none' } })).toEqual(['rate', 'pause'])
    expect(blocked({ source: null })).toEqual(['rate', 'pause'])
  })

  test('is the poll interval wherever lanes run, since it is the page’s own', () => {
    expect(obstacleTo('poll-interval', { ...FINE, server: 'gone', forbidden: OFF })).toBeNull()
    expect(obstacleTo('poll-interval', { ...FINE, role: 'viewer' })).toEqual({ name: 'not-running' })
  })
})

test('a cut needs a confirmation beyond loopback, and where somebody else reads', () => {
  for (const hostname of ['localhost', '127.0.0.1', '127.0.0.2', '[::1]']) {
    expect(cutsOthers(hostname, 0)).toBe(false)
    expect(cutsOthers(hostname, 1)).toBe(true)
  }
  for (const hostname of ['192.168.0.7', 'lab.test', '[fd00::9]', 'localhost.evil.test', '127.0.0.1.nip.io'])
    expect(cutsOthers(hostname, 0)).toBe(true)
})
