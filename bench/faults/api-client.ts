import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { LinkConditions } from '../../server/protocol/api.ts'
import type { Technique } from '../../server/protocol/techniques.ts'

/**
 * Sends one API request on a connection of its own: one from a pool might be the very connection that this request, or
 * another fault, is about to cut. Resolves to the JSON of the answer; rejects with the server's error if it refuses.
 */
export async function requestApi(
  origin: string,
  path: string,
  method: 'GET' | 'PUT' | 'POST' = 'GET',
  body?: object,
): Promise<unknown> {
  const json = body === undefined ? '' : JSON.stringify(body)
  const headers =
    body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }
  const sent = request(`${origin}${path}`, { method, agent: false, headers: { ...headers, origin } })
  sent.end(json)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) text += chunk
  if (response.statusCode !== 200)
    throw new Error(`${method} ${path} was answered ${response.statusCode}: ${text}`)
  return JSON.parse(text)
}

/** Sets the link's conditions; `{}` clears them. */
export async function setLink(origin: string, conditions: LinkConditions): Promise<void> {
  await requestApi(origin, '/api/link', 'PUT', conditions)
}

/** Resets the connections of all readers, or of those of one technique. */
export async function killReaders(origin: string, technique?: Technique): Promise<void> {
  await requestApi(origin, '/api/kill', 'POST', technique === undefined ? {} : { technique })
}
