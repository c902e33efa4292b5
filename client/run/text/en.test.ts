import { expect, test } from 'vitest'
import { settingText } from './en.ts'

test('names of a run become words, their units go to the values, and packages keep their names', () => {
  const said: readonly (readonly [string, unknown])[] = [
    ['pollIntervalMs', 197],
    ['eventsPerSecond', 30],
    ['payloadBytes', 128],
    ['memoryGB', 24],
    ['tookSeconds', 105],
    ['@fastify/websocket', '11.3.6'],
    ['dirty', false],
    ['virtualisation', null],
    ['distanceMs', null],
    ['steps', [0, 1_000]],
  ]
  expect(said.map(([name, value]) => settingText(name, value).join(' | '))).toEqual([
    'poll interval | 197 ms',
    'events | 30/s',
    'payload | 128 B',
    'memory | 24 GB',
    'took | 105 s',
    '@fastify/websocket | 11.3.6',
    'dirty | no',
    'virtualisation | none',
    'distance | none',
    'steps | 0, 1000',
  ])
})
