/** A connection takes up a port of the address it comes from: where one address has too few, readers use several. */
import { readFileSync } from 'node:fs'

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range'
/** Other programs use ports too, and the kernel keeps those of ended connections back for a minute. */
const SHARE_USED = 0.5

/** How many ports the kernel gives to connections from one address; `null` except on Linux. */
export function readEphemeralPorts(): number | null {
  try {
    const [lowest = 0, highest = 0] = readFileSync(RANGE, 'utf8').trim().split(/\s+/).map(Number)
    return highest - lowest + 1
  } catch {
    return null
  }
}

/**
 * Addresses from 127.0.0.1 upward for this many readers on loopback; on Linux all of 127.0.0.0/8 is this machine. None
 * where one address is enough (the kernel then chooses), or where the number of ports is not known.
 */
export function chooseSourceAddresses(readers: number, ephemeralPorts: number | null): string[] {
  if (ephemeralPorts === null) return []
  const addresses = Math.ceil(readers / (ephemeralPorts * SHARE_USED))
  if (addresses <= 1) return []
  return Array.from({ length: addresses }, (_, index) => formatLoopback(index + 1))
}

function formatLoopback(host: number): string {
  return `127.${host >> 16}.${(host >> 8) & 255}.${host & 255}`
}
