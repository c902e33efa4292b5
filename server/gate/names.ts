import { isIPv6 } from 'node:net'
import { bareAddress } from './client-address.ts'

/** The names by which a listening server may be requested. `Host` and `Origin` are compared exactly, with the port. */
export interface Names {
  /**
   * Whether a request may have this `Host` (RFC 9110 §7.2). Any other name belongs to another site's page whose DNS points
   * here. Values that such a page cannot send pass as well: no `Host` at all, the address at which the connection arrived
   * (it may be newer than the server), and loopback or an address of this machine without a port, as health checks send it.
   */
  isOurs(host: string | undefined, arrival: Arrival): boolean
  /** Whether this `Origin` is that of the lab's own page. */
  isPage(origin: string, arrival: Arrival): boolean
  /**
   * The link's port, if it is known to be reachable under the name that this request to the page used; else null. For a
   * name from `--allow-host`, and for a forwarded port, it is unknown where a second port would lead.
   */
  linkPortFor(host: string | undefined, arrival: Arrival): number | null
}

/** Where a client's connection arrived. */
export interface Arrival {
  /** The socket's address at this end. Read only if no other name fits. */
  readonly socket: { readonly localAddress?: string | undefined }
  readonly byLink: boolean
}

export interface NamesOptions {
  /** The addresses and names of this machine, as a URL writes them; loopback's are added. */
  readonly hosts: readonly string[]
  readonly port: number
  readonly linkPort: number | null
  /** Further values of `Host` for the page's port, and of what follows `://` in its `Origin`. */
  readonly allowHosts: readonly string[]
}

export function createNames({ hosts, port, linkPort, allowHosts }: NamesOptions): Names {
  const own = new Set([...LOOPBACK, ...hosts])
  const allowed = new Set(allowHosts.flatMap(name => withoutDefaultPort(normalised(name))))
  const page = new Set([...own].flatMap(name => withPort(name, port)))
  const link = new Set(linkPort === null ? [] : [...own].flatMap(name => withPort(name, linkPort)))
  return { isOurs, isPage, linkPortFor }

  function isOurs(host: string | undefined, arrival: Arrival): boolean {
    // Nearly all requests are decided here.
    if (host === undefined || (arrival.byLink ? link : page).has(host)) return true
    const name = normalised(host)
    if (isOwn(name, arrival) || (!arrival.byLink && allowed.has(name))) return true
    return own.has(name) || name === addressOf(arrival)
  }

  function isPage(origin: string, arrival: Arrival): boolean {
    const [scheme, name = ''] = origin.split('://')
    if (scheme !== 'http' && scheme !== 'https') return false
    return page.has(name) || allowed.has(name) || withPort(addressOf(arrival), port).includes(name)
  }

  function linkPortFor(host: string | undefined, arrival: Arrival): number | null {
    return host === undefined || isOwn(normalised(host), arrival) ? linkPort : null
  }

  function isOwn(name: string, arrival: Arrival): boolean {
    if ((arrival.byLink ? link : page).has(name)) return true
    const arrivedAt = arrival.byLink ? linkPort : port
    return arrivedAt !== null && withPort(addressOf(arrival), arrivedAt).includes(name)
  }
}

/** An address or a name as a URL writes it (RFC 3986 §3.2.2): IPv6 in brackets, in its shortest form, without the zone. */
export function urlHost(host: string): string {
  const address = host.replace(/%.*$/, '')
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname : host
}

/** The address at which a connection arrived, as a URL writes it. A socket that listens on `::` maps IPv4 into IPv6. */
function addressOf({ socket }: Arrival): string {
  return urlHost(bareAddress(socket.localAddress ?? '') ?? '')
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

/** Browsers leave port 80 out; other clients may not. */
function withPort(name: string, port: number): string[] {
  return port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]
}

/** Browsers leave a scheme's default port out; the person who allows a name may not. */
function withoutDefaultPort(name: string): string[] {
  return [name, name.replace(/:(80|443)$/, '')]
}

/** In lower case, and IPv6 as a browser writes it, because curl sends it as it was typed. */
function normalised(host: string): string {
  const [, address, port] = /^\[([0-9a-f:.]+)\](:\d{1,5})?$/i.exec(host) ?? []
  return address !== undefined && isIPv6(address) ? `${urlHost(address)}${port ?? ''}` : host.toLowerCase()
}
