import { expect, test } from 'vitest'
import { checkFleetCount } from '../measure/throughput.ts'
import { checkAgreement, type Round, ratioOf } from './agreement.ts'

/** A core that is full: what a poll costs says how many there are. */
function round(serverCpuUsPerPoll: number, loadSleepsPerPoll = 0.5, serverUtilization = 1): Round {
  const perSecond = (serverUtilization * 1e6) / serverCpuUsPerPoll
  return { perSecond, serverCpuUsPerPoll, serverUtilization, loadSleepsPerPoll }
}

test('rounds are held against each other by pairs: a machine that becomes slower in between is no difference', () => {
  const costs = [50, 50, 80, 80, 95]
  const rounds = { cannon: costs.map(cost => round(cost)), fleet: costs.map(cost => round(cost * 1.04)) }
  expect(ratioOf(rounds)).toBeCloseTo(1.04)
  expect(checkAgreement(rounds)).toMatchObject({ verdict: 'ok', reason: null })
  expect(checkAgreement(rounds).value).toBeCloseTo(1.04)
})

test('where the load process of one slept more and its polls were dearer, both is said, with the figures', () => {
  const check = checkAgreement({ cannon: [round(45, 0.03, 0.93)], fleet: [round(84, 0.61)] })
  expect(check.verdict).toBe('flagged')
  expect(check.reason).toBe(
    'autocannon got 20667 polls/s, the fleet 11905, medians of 1 rounds each; pair by pair the median is ×1.74 (×1.74 to ×1.74). ' +
      'A poll cost the server 45 and 84 µs of CPU, and its core was busy 93 % and 100 % of the time. ' +
      "The load process went to sleep 0.03 and 0.61 times per poll, and waking it for an answer is the server's work: that may be why the instrument that slept more had the dearer polls.",
  )
})

test('what the rounds do not show is not said', () => {
  const reason = (cannon: Round, fleet: Round) =>
    checkAgreement({ cannon: [cannon], fleet: [fleet] }).reason ?? ''
  expect(reason(round(45, 0.6), round(84, 0.1))).toContain('does not explain it: the cause is not known')
  expect(reason(round(45, 0.5), round(84, 0.5))).toContain('the cause is not known')
  expect(reason(round(50), round(51, 0.5, 0.7))).toContain('it was the pace of asking that differed')
})

test('answers that the fleet and the server do not both know refuse the figure', () => {
  const shot = { round: round(50), loadUtilization: 0.4 }
  expect(checkFleetCount([{ ...shot, total: 70, serverCounted: 70 }])).toMatchObject({
    verdict: 'ok',
    value: 0,
  })
  expect(
    checkFleetCount([
      { ...shot, total: 70, serverCounted: 70 },
      { ...shot, total: 70, serverCounted: 71 },
    ]),
  ).toMatchObject({ verdict: 'refused', value: -1, concerns: ['throughput-fleet', 'instruments-agree'] })
})
