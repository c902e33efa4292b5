import { expect, test } from 'vitest'
import { TECHNIQUES } from '../server/protocol/techniques.ts'
import { parseOptions } from './options.ts'

test('without options it is a quick run of its scenarios', () => {
  expect(parseOptions([])).toEqual({
    options: {
      tier: 'quick',
      scenarios: null,
      techniques: TECHNIQUES,
      clients: null,
      eventsPerSecond: null,
      payloadBytes: null,
      blocks: null,
      seed: null,
      url: null,
      token: null,
      out: null,
      json: false,
    },
  })
})

test('options are read into what they mean', () => {
  const args =
    '--tier standard --scenario delivery --technique sse,poll --clients 50 --rate 5 --payload 64'.split(' ')
  expect(parseOptions([...args, '--repeats', '3', '--seed', '0', '--out', 'x', '--json'])).toEqual({
    options: {
      tier: 'standard',
      scenarios: ['delivery'],
      techniques: ['sse', 'poll'],
      clients: [50],
      eventsPerSecond: 5,
      payloadBytes: 64,
      blocks: 3,
      seed: 0,
      url: null,
      token: null,
      out: 'x',
      json: true,
    },
  })
})

test('several numbers of readers are a list', () => {
  expect(parseOptions(['--clients', '1000,100'])).toMatchObject({ options: { clients: [1_000, 100] } })
})

test.each([
  ['--nonsense'],
  ['surplus'],
  ['--tier', 'huge'],
  ['--tier', 'endless'],
  ['--scenario', 'delivery,'],
  ['--technique', 'carrier-pigeon'],
  ['--clients', '0'],
  ['--clients', '1e3'],
  ['--clients', '100,'],
  ['--clients', '100,0'],
  ['--clients', '100 1000'],
  ['--clients', '100,100'],
  ['--rate', '-1'],
  ['--url', 'other-machine:3000'],
  ['--token', 'without-url'],
  ['--seed'],
])('%s %s is one line on stderr and exit code 2', (...args) => {
  const parsed = parseOptions(args)
  expect(parsed).toMatchObject({ exitCode: 2, stdout: '' })
  expect('stderr' in parsed && parsed.stderr).toMatch(/^error: [^\n]+\n$/)
})

test('help is no error', () => {
  expect(parseOptions(['--help'])).toMatchObject({ exitCode: 0, stderr: '' })
})
