import { SAY_DOOR, type SaidFrame } from '../server/protocol.ts'
import type { Environment } from './environment.ts'
import { decodeObject } from './transports/decode.ts'
import { refusalSentence } from './transports/refusal.ts'

/** Talks back by a request of its own. Resolves to the event's cursor; rejects with the server's sentence. */
export async function say(
  { fetch }: Environment,
  origin: string,
  value: unknown,
  signal: AbortSignal,
): Promise<string> {
  const response = await fetch(`${origin}${SAY_DOOR}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
    signal,
  })
  const text = await response.text()
  const said = decodeObject<SaidFrame>(text)?.said
  if (response.status === 201 && typeof said === 'string') return said
  throw new Error(refusalSentence(response, text))
}
