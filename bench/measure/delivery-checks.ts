/** Which checks apply to one window of deliveries, and what each is given. */
import { independentWaits } from '../../client/theory.ts'
import type { TrialCheck } from '../../server/protocol/run.ts'
import { asksAtIntervals } from '../../server/protocol/techniques.ts'
import { deliveriesTaken } from '../fleet/fleet-cost.ts'
import {
  check,
  checkAboveIdle,
  checkBytes,
  checkComplete,
  checkConnections,
  checkDraws,
  checkLatencyFloor,
  checkMeanWait,
  checkOffered,
  checkSchedule,
} from '../judge/checks.ts'
import { clockUncertaintyMs } from './clock-offset.ts'
import { type DeliveryRecord, exchangeBetween, trafficBetween, type WindowSums } from './delivery-record.ts'
import type { Measurement } from './measurement.ts'

export function deliveryChecks(
  record: DeliveryRecord,
  sums: WindowSums,
  values: Measurement['values'],
): TrialCheck[] {
  const { loadUtilization } = record
  return [
    checkConnections(record.failures),
    check('generator-bound', loadUtilization, { share: loadUtilization }),
    ...(sums.cpuKnown ? costChecks(record, sums) : []),
    // The floor of answers brings no events.
    ...(record.arm === 'http' ? [] : [checkComplete(sums.counts)]),
    ...(sums.isFloor
      ? []
      : [
          ...offeredChecks(record),
          checkPublished(record, sums),
          checkLatencyFloor(record.latencies.lowestMs, clockUncertaintyMs(record.clocks)),
          ...waitChecks(record, sums, values['latency-mean']),
          ...byteChecks(record),
        ]),
  ]
}

function costChecks({ from, to }: DeliveryRecord, { cpuMs, cpuUsPerUnitInHalves }: WindowSums): TrialCheck[] {
  const [first, second] = cpuUsPerUnitInHalves
  // Not a number where one half had nothing to do: its cost is that of nothing.
  const driftShare = Number.isFinite(first) && Number.isFinite(second) ? second / first - 1 : null
  return [
    check('cost-drifts', driftShare, { driftShare }),
    checkAboveIdle(cpuMs, to.probe.cpuMs - from.probe.cpuMs),
  ]
}

function offeredChecks({ fleetCost, loadWork: { reads, delivered, wallMs } }: DeliveryRecord): TrialCheck[] {
  if (fleetCost === null) return []
  return [checkOffered((delivered * 1000) / wallMs, deliveriesTaken(fleetCost, reads / delivered))]
}

function checkPublished(
  { axes, latencies: { intendedAt }, onMs, publishedMs, scheduleLag }: DeliveryRecord,
  { publishes }: WindowSums,
): TrialCheck {
  if (axes.timing === 'poisson') {
    return checkDraws(intendedAt, publishes, (axes.eventsPerSecond * publishedMs) / 1000)
  }
  return checkSchedule(intendedAt, publishes, 1000 / axes.eventsPerSecond, {
    least: onMs.least - (scheduleLag?.maxMs ?? Number.POSITIVE_INFINITY),
    most: onMs.most,
  })
}

function waitChecks(
  { technique, axes }: DeliveryRecord,
  { predictedMs, publishes, scheduleLagMs }: WindowSums,
  meanMs: number | undefined,
): TrialCheck[] {
  if (!asksAtIntervals(technique) || predictedMs === null) return []
  const ofWait = meanMs === undefined ? null : meanMs - scheduleLagMs
  return [checkMeanWait(ofWait, predictedMs - scheduleLagMs, independentWaits(axes, publishes))]
}

function byteChecks(record: DeliveryRecord): TrialCheck[] {
  const traffic = trafficBetween(record)
  if (traffic === null) return []
  const { bytesIn, bytesOut } = exchangeBetween(record.before, record.after)
  return [checkBytes('down', traffic.down, bytesIn), checkBytes('up', traffic.up, bytesOut)]
}
