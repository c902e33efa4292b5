import { TECHNIQUES } from '../../server/protocol/techniques.ts'
import { CLIENT_NAME, WAIT_MAX_SECONDS } from '../../server/protocol/wire.ts'
import type { SubscribeOptions } from './subscription.ts'
import type { Pace } from './transports/transport.ts'

/** Throws a `RangeError` that says what to give instead. A cursor is left for the server to judge. */
export function checkOptions({ technique, fallback = [], clientName, policy = {} }: SubscribeOptions): void {
  for (const name of [technique, ...fallback]) {
    if (!TECHNIQUES.includes(name)) {
      throw new RangeError(`Give technique and fallback as names of techniques: ${TECHNIQUES.join(', ')}.`)
    }
  }
  if (clientName !== undefined && !CLIENT_NAME.test(clientName)) {
    throw new RangeError('Give clientName as eight characters, each a to z or 0 to 9.')
  }
  for (const [name, value] of Object.entries(policy)) {
    if (!(Number.isFinite(value) && value >= 0)) {
      throw new RangeError(`Give policy.${name} as a finite number, 0 or more.`)
    }
  }
}

/** Throws a `RangeError` for an interval that would flood the server, or a wait that it refuses. */
export function checkPace({ pollIntervalMs, waitSeconds }: Pace): void {
  if (!(Number.isFinite(pollIntervalMs) && pollIntervalMs >= 1)) {
    throw new RangeError('Give pollIntervalMs as a finite number of milliseconds, 1 or more.')
  }
  if (!(Number.isInteger(waitSeconds) && waitSeconds >= 0 && waitSeconds <= WAIT_MAX_SECONDS)) {
    throw new RangeError(`Give waitSeconds as a whole number of seconds, 0 to ${WAIT_MAX_SECONDS}.`)
  }
}
