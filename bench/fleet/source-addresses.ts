/** A connection takes a port of its own address: where one address has too few, readers come from several. */
import { readFileSync } from 'node:fs'

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range'
/** Others use ports as well, and those of connections that have ended are kept back for a minute. */
const SHARE_USED = 0.5

/** How many ports the kernel gives out for connections from one address; `null` beyond Linux. */
export function readEphemeralPorts(): number | null {
  try {
    const [lowest = 0, highest = 0] = readFileSync(RANGE, 'utf8').trim().split(/\s+/).map(Number)
    return highest - lowest + 1
  } catch {
    return null
  }
}

/**
 * Addresses from 127.0.0.1 upward for so many readers on loopback, all of which is one's own on Linux. None where
 * one address will do, which is then the kernel's choice, or where it is not known.
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
