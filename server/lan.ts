import { networkInterfaces } from 'node:os'
import { renderUnicodeCompact } from 'uqr'

/** The names under which others reach a server that listens on `host`: every address of this machine for `0.0.0.0` and `::`. */
export function reachableAt(host: string): string[] {
  return host === '0.0.0.0' || host === '::' ? lanAddresses() : [host]
}

/** This machine's IPv4 addresses that others on its networks can reach. */
function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
}

/**
 * What a teacher needs to see in the terminal: the address to join, as text and to be scanned, and the link that may
 * command. The token stands in the fragment, which browsers keep to themselves: it never reaches a server's log.
 */
export function invitation(joinUrl: string, token: string): string {
  return [
    renderUnicodeCompact(joinUrl, { border: 2 }),
    `Join:     ${joinUrl}`,
    `Command:  ${joinUrl}/#token=${token}   (keep this one to yourself)`,
  ].join('\n')
}
