import type { IncomingMessage } from 'node:http'

/** The path for `OPTIONS *`. No route has it. */
const ASTERISK = '/*'
/** A path that the router refuses as malformed. */
const NONE = '/%'

/**
 * The path and query that a request is routed by. In absolute form, which a proxy's client sends, the target's authority
 * replaces `Host` (RFC 9112 §3.2.2), if a `Host` is required; a target without a path means the server as a whole for
 * OPTIONS (§3.2.4) and `/` otherwise.
 */
export function pathOfTarget(request: IncomingMessage): string {
  const { url = NONE, headers, method } = request
  if (url.startsWith('/')) return url
  if (url === '*' && method === 'OPTIONS') return ASTERISK
  const [, authority, path] = ABSOLUTE.exec(url) ?? []
  if (authority === undefined || path === undefined) return NONE
  if (headers.host !== undefined || isHttp10(request)) headers.host = authority
  if (path === '' && method === 'OPTIONS') return ASTERISK
  return path.startsWith('/') ? path : `/${path}`
}

/** Whether `OPTIONS` asks about the server as a whole (RFC 9110 §9.3.7). */
export function isAboutServer({ method, url }: IncomingMessage): boolean {
  return method === 'OPTIONS' && url === ASTERISK
}

export function isHttp10({ httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return httpVersionMajor < 1 || (httpVersionMajor === 1 && httpVersionMinor === 0)
}

const ABSOLUTE = /^https?:\/\/([^/?#]+)([^#]*)$/i
