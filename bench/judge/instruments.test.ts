import { expect, test } from 'vitest'
import { checkAgreement, checkCannonCount, checkFleetCount, type Round, ratioOf } from './instruments.ts'

/** A core that is full: what a poll costs decides how many there are. */
function round(serverCpuUsPerPoll: number, loadSleepsPerPoll = 0.5, serverUtilization = 1): Round {
  const perSecond = (serverUtilization * 1e6) / serverCpuUsPerPoll
  return { perSecond, serverCpuUsPerPoll, serverUtilization, loadSleepsPerPoll }
}

test('rounds are compared in pairs: a machine that becomes slower in between is no difference', () => {
  const costs = [50, 50, 80, 80, 95]
  const rounds = { cannon: costs.map(cost => round(cost)), fleet: costs.map(cost => round(cost * 1.04)) }
  expect(ratioOf(rounds)).toBeCloseTo(1.04)
  expect(checkAgreement(rounds)).toMatchObject({
    verdict: 'ok',
    params: { rounds: 5, ratio: 1.04, cause: 'pace' },
  })
  expect(checkAgreement(rounds).value).toBeCloseTo(0.04)
})

test('where the load process of one slept more and its polls cost more, both are told, with the figures', () => {
  const check = checkAgreement({ cannon: [round(45, 0.03, 0.93)], fleet: [round(84, 0.61)] })
  expect(check).toMatchObject({
    verdict: 'flagged',
    params: {
      rounds: 1,
      cannonPerSecond: 20_670,
      fleetPerSecond: 11_900,
      cannonCpuUs: 45,
      fleetCpuUs: 84,
      cannonBusyShare: 0.93,
      fleetBusyShare: 1,
      cannonSleeps: 0.03,
      fleetSleeps: 0.61,
      ratio: 1.736,
      ratioLow: 1.736,
      ratioHigh: 1.736,
      cause: 'waking',
    },
  })
})

test('a cause that the rounds do not show is not named', () => {
  const cause = (cannon: Round, fleet: Round) =>
    checkAgreement({ cannon: [cannon], fleet: [fleet] }).params['cause']
  expect(cause(round(45, 0.6), round(84, 0.1))).toBe('unknown')
  expect(cause(round(45, 0.5), round(84, 0.5))).toBe('unknown')
  expect(cause(round(50), round(51, 0.5, 0.7))).toBe('pace')
})

test('answers that the fleet and the server count differently refuse the figure', () => {
  expect(checkFleetCount([{ total: 70, serverCounted: 70 }])).toMatchObject({
    verdict: 'ok',
    value: 0,
  })
  expect(
    checkFleetCount([
      { total: 70, serverCounted: 70 },
      { total: 70, serverCounted: 71 },
    ]),
  ).toMatchObject({ verdict: 'refused', value: -1, concerns: ['throughput-fleet', 'instruments-agree'] })
})

test('an answer with another status, an error, or one that the server did not count refuses the figure', () => {
  const counted = {
    total: 10,
    serverCounted: 10,
    statuses: { 200: 10 },
    errors: 0,
    timeouts: 0,
    mismatches: 0,
  }
  const verdict = (change: object) =>
    checkCannonCount('full', [counted, { ...counted, ...change }], '200').verdict
  expect(verdict({})).toBe('ok')
  const faults = [
    { statuses: { 200: 9, 503: 1 } },
    { errors: 1 },
    { timeouts: 1 },
    { mismatches: 1 },
    { serverCounted: 9 },
  ]
  expect(new Set(faults.map(verdict))).toEqual(new Set(['refused']))
})
