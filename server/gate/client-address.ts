import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import type { FastifyRequest } from 'fastify'

/**
 * The address of a request's client for all limits by address: an IPv4 address, or the /64 network of an IPv6 address,
 * because each host of such a network may choose among 2^64 addresses.
 */
export function clientAddressOf(request: FastifyRequest): string {
  return (
    countedAs(request.linkClient ?? request.ip) ?? countedAs(request.raw.socket.remoteAddress) ?? 'unknown'
  )
}

/** The same for an address as sockets and proxies write it; null for anything that is not an address. */
export function countedAs(written: string | undefined): string | null {
  const address = bareAddress(written ?? '')
  if (address === null || isIPv4(address)) return address
  return networkOf(address)
}

/**
 * The bare address from a value of `X-Forwarded-For` or of a socket. Some gateways add the port (`203.0.113.9:51234`,
 * `[2001:db8::1]:443`), and a socket that listens for both families writes IPv4 as IPv6 (`::ffff:203.0.113.9`). Null for
 * anything that is not an address.
 */
export function bareAddress(written: string): string | null {
  const text = written.trim().replace(/^"(.*)"$/, '$1')
  const [, bracketed] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text) ?? []
  const [, beforePort] = /^([\d.]+):\d{1,5}$/.exec(text) ?? []
  const address = (bracketed ?? beforePort ?? text).replace(/^::ffff:(?=[\d.]+$)/i, '')
  return isIP(address) === 0 ? null : address
}

/** The first four of the eight groups, without abbreviation and in lower case. */
function networkOf(address: string): string {
  const groups = ipv6Groups(address).slice(0, 4)
  return `${groups.map(group => group.toString(16)).join(':')}::/64`
}

/** The eight groups of an IPv6 address in any spelling (RFC 4291 §2.2), without its zone. */
export function ipv6Groups(address: string): number[] {
  const [text = ''] = address.split('%')
  const [before = '', after] = text.split('::')
  const left = before === '' ? [] : before.split(':')
  const right = after === undefined || after === '' ? [] : after.split(':')
  const groups = after === undefined ? left : [...left, ...zeros(8 - left.length - right.length), ...right]
  return groups.map(group => Number.parseInt(group, 16))
}

function zeros(count: number): string[] {
  return Array.from({ length: Math.max(0, count) }, () => '0')
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether a bare address is one by which this machine reaches itself. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** Returns whether an address belongs to one of these proxies, each an address or a range such as `10.0.0.0/8`. */
export function trustOf(proxies: readonly string[]): (written: string) => boolean {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return written => {
    const address = bareAddress(written)
    return address !== null && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }
}
