import { expect, test } from 'vitest'
import type { TechniqueTraffic, Traffic } from '../../../../server/protocol/api.ts'
import { forEachTechnique } from '../../../../server/protocol/techniques.ts'
import { createTrafficWindow } from './traffic-window.ts'

const nothing: Traffic = {
  connections: 0,
  requests: 0,
  deliveries: 0,
  bytesIn: 0,
  payloadBytesOut: 0,
  headerBytesOut: 0,
  framingBytesOut: 0,
}

function onPoll(poll: Partial<Traffic>): TechniqueTraffic {
  return { ...forEachTechnique(() => nothing), poll: { ...nothing, ...poll } }
}

test('the cost of an event is the growth of requests and bytes over the growth of deliveries', () => {
  const window = createTrafficWindow(1_000)
  window.add(0, onPoll({ requests: 10, deliveries: 5, bytesIn: 1_000 }))
  window.add(
    900,
    onPoll({
      requests: 14,
      deliveries: 7,
      bytesIn: 1_400,
      payloadBytesOut: 200,
      headerBytesOut: 90,
      framingBytesOut: 10,
    }),
  )
  expect(window.costPerEvent('poll')).toEqual({ requests: 2, bytes: 350 })
})

test('without a delivery there is no cost per event', () => {
  const window = createTrafficWindow(1_000)
  expect(window.costPerEvent('sse')).toBeNull()
  window.add(0, onPoll({ requests: 1 }))
  window.add(500, onPoll({ requests: 2 }))
  expect(window.costPerEvent('poll')).toBeNull()
})

test('what lies before the window no longer counts', () => {
  const window = createTrafficWindow(1_000)
  window.add(0, onPoll({ requests: 0, deliveries: 0 }))
  window.add(1_000, onPoll({ requests: 100, deliveries: 1 }))
  window.add(2_000, onPoll({ requests: 101, deliveries: 2 }))
  expect(window.costPerEvent('poll')?.requests).toBe(1)
})

test('counters that went back to zero start a new window instead of a negative cost', () => {
  const window = createTrafficWindow(10_000)
  window.add(0, onPoll({ requests: 100, deliveries: 100, bytesIn: 5_000 }))
  window.add(200, onPoll({ requests: 0, deliveries: 0 }))
  expect(window.costPerEvent('poll')).toBeNull()
  window.add(400, onPoll({ requests: 3, deliveries: 2, bytesIn: 60 }))
  expect(window.costPerEvent('poll')).toEqual({ requests: 1.5, bytes: 30 })
})
