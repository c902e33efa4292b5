import { createBudget } from '../gate/budget.ts'
import type { EventLog } from '../log/event-log.ts'
import type { Policy } from '../policy.ts'
import { formatCursor, SAY_MAX_BYTES } from '../protocol/wire.ts'
import { Refusal } from '../refusal.ts'

/**
 * Publishes a reader's message as an event of type `say` in the log. Resolves to its cursor; rejects with `Refusal` 413 or
 * 429.
 */
export type Say = (value: unknown, speaker: Speaker) => Promise<string>

/** The client that the limits count. */
export interface Speaker {
  /** From `clientAddressOf`. */
  readonly address: string
  /** The name that the reader gave; null if it gave none. */
  readonly name: string | null
}

/**
 * A client can choose any number of names, so an address has a limit too: that of so many readers. A class behind one
 * address can still send a message each at the same time.
 */
const READERS_PER_ADDRESS = 3

export function createSay(log: EventLog, policy: Policy, monotonicMs: () => number): Say {
  const { sayBurst: burst, sayPerSecond: perSecond } = policy
  const ofReader = createBudget({ burst, perSecond }, monotonicMs)
  const ofAddress = createBudget(
    { burst: burst * READERS_PER_ADDRESS, perSecond: perSecond * READERS_PER_ADDRESS },
    monotonicMs,
  )

  return async (value, { address, name }) => {
    if (Buffer.byteLength(JSON.stringify(value)) > SAY_MAX_BYTES) {
      throw new Refusal(413, 'say-too-long', `Send at most ${SAY_MAX_BYTES} bytes of JSON.`, {
        params: { maxBytes: SAY_MAX_BYTES },
      })
    }
    if (!ofReader(`${address} ${name ?? ''}`) || !ofAddress(address)) {
      throw new Refusal(429, 'say-too-often', 'Wait a moment before you send more.')
    }
    return formatCursor(await log.append('say', value))
  }
}
