import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { LinkConditions } from '../../server/protocol/api.ts'

/**
 * Asks the server something on a connection of its own: one from a pool might be the very one that the command, or
 * another fault, is about to cut. Resolves to the JSON of the answer; rejects with the server's sentence if it refuses.
 */
export async function askAlone(
  origin: string,
  path: string,
  method: 'GET' | 'PUT' | 'POST' = 'GET',
  body?: object,
): Promise<unknown> {
  const text = body === undefined ? '' : JSON.stringify(body)
  const headers =
    body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  const asking = request(`${origin}${path}`, { method, agent: false, headers: { ...headers, origin } })
  asking.end(text)
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  answer.setEncoding('utf8')
  let said = ''
  for await (const chunk of answer) said += chunk
  if (answer.statusCode !== 200)
    throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${said}`)
  return JSON.parse(said)
}

/** Sets the link's conditions. `{}` clears it. */
export async function setLink(origin: string, conditions: LinkConditions): Promise<void> {
  await askAlone(origin, '/api/link', 'PUT', conditions)
}

/** Resets all connections of all readers, or of those who read by one technique. */
export async function killAll(origin: string, technique?: string): Promise<void> {
  await askAlone(origin, '/api/kill', 'POST', technique === undefined ? {} : { technique })
}
