import { isIPv6 } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { renderUnicodeCompact } from 'uqr'
import { EVERYWHERE } from './listen.ts'

/** The machine's interfaces by name, as `os.networkInterfaces` lists them. */
export type Interfaces = Readonly<
  Record<string, readonly Pick<NetworkInterfaceInfo, 'address' | 'mac' | 'internal'>[] | undefined>
>

/**
 * The addresses at which others reach a server that listens on `host`, the most likely first: all of this machine for
 * `::`, the IPv4 ones for `0.0.0.0`.
 */
export function reachableAt(host: string, interfaces: Interfaces = networkInterfaces()): string[] {
  if (host === EVERYWHERE) return rankAddresses(interfaces)
  if (host === '0.0.0.0') return rankAddresses(interfaces).filter(address => !isIPv6(address))
  return [host]
}

/**
 * The addresses of a machine that a phone in the same room may reach, the most likely first: private IPv4 of a real
 * interface, other IPv4, IPv6; then those of interfaces to virtual machines, containers and tunnels; last link-local IPv4.
 * Link-local IPv6 is left out, because a URL in a browser cannot hold its zone. Addresses of equal rank keep their order.
 */
export function rankAddresses(interfaces: Interfaces): string[] {
  const all = Object.entries(interfaces).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ address, internal }) => !internal && !/^fe[89ab]/i.test(address))
      .map(({ address, mac }) => ({ address, rank: rankOf(address, isVirtual(name, address, mac)) })),
  )
  return all.sort((a, b) => a.rank - b.rank).map(({ address }) => address)
}

function rankOf(address: string, virtual: boolean): number {
  if (address.startsWith('169.254.')) return 6
  if (CARRIER_GRADE.test(address)) return 5
  if (isIPv6(address)) return virtual ? 4 : 2
  if (virtual) return 3
  return PRIVATE.test(address) ? 0 : 1
}

/** RFC 1918. */
const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/
/** RFC 6598: 100.64.0.0/10, which Tailscale uses too. */
const CARRIER_GRADE = /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./

function isVirtual(name: string, address: string, mac: string): boolean {
  return VIRTUAL_NAME.test(name) || VIRTUAL_MAC.test(mac) || address.startsWith(VIRTUALBOX_HOST_ONLY)
}

/** Interfaces of containers, virtual machines and tunnels on Linux, macOS and Windows. */
const VIRTUAL_NAME =
  /^(docker|podman|br-|bridge\d|veth|virbr|lxc|lxd|cni|flannel|cali|vbox|vmnet|tun|tap|utun|ppp|wg|zt|tailscale|ham|dummy|awdl|llw|ipsec)|vethernet|virtualbox|vmware|hyper-v|wsl|tailscale|zerotier|wireguard|openvpn/i
/** The host's side of VirtualBox, VMware, Hyper-V and Docker, whatever the interface's name. */
const VIRTUAL_MAC = /^(0a:00:27|00:50:56:c0|00:15:5d|02:42)/i
const VIRTUALBOX_HOST_ONLY = '192.168.56.'

/**
 * What a teacher needs in the terminal: the address to join as text and as a QR code, other addresses to try if a phone
 * cannot reach it, and the address that may command. The token is in the fragment, which browsers do not send, so it never
 * reaches a server's log.
 */
export function invitation([joinUrl = '', ...otherUrls]: readonly string[], token: string): string {
  return [
    renderUnicodeCompact(joinUrl, { border: 2 }),
    `Join:     ${joinUrl}`,
    ...otherUrls.map(url => `or:       ${url}`),
    `Command:  ${joinUrl}/#token=${token}   (keep this address to yourself)`,
  ].join('\n')
}
