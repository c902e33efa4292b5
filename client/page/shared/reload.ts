import { type Stored, stored } from './stored.ts'

/**
 * Reloads the page, but never twice in a row for the same cause: one that a reload does not cure would reload it for ever.
 * Returns whether it reloads. Without a storage to remember the cause it does not.
 */
export function reloadOnce(
  cause: string,
  kept: Stored = stored('tab', 'push-lab reloaded'),
  reload = () => location.reload(),
): boolean {
  if (kept.read() === cause) return false
  kept.write(cause)
  if (!kept.lasts) return false
  reload()
  return true
}

/** Whether the policy refused a connection to where the lanes go: `connect-src`, and that origin by HTTP or WebSocket. */
export function isLane(
  { effectiveDirective, blockedURI }: Pick<SecurityPolicyViolationEvent, 'effectiveDirective' | 'blockedURI'>,
  lanesOrigin: string,
): boolean {
  if (effectiveDirective !== 'connect-src') return false
  try {
    return new URL(blockedURI).host === new URL(lanesOrigin).host
  } catch {
    // `inline`, `eval` and the like are no addresses.
    return false
  }
}
