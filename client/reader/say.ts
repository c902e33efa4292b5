import { SAY_ENDPOINT } from '../../server/protocol/techniques.ts'
import { type Cursor, SAY_MAX_BYTES, type SaidFrame } from '../../server/protocol/wire.ts'
import type { Environment } from './environment.ts'
import { decodeCursor, decodeObject } from './transports/decode.ts'
import { refusalSentence } from './transports/refusal.ts'

export interface SayByRequest {
  readonly environment: Environment
  readonly origin: string
  /** Who speaks, so that all clients behind one address do not share one limit. */
  readonly clientName: string | undefined
  /** How long to wait for the answer. */
  readonly answerMs: number
  readonly signal: AbortSignal
}

/** Checked before it is sent, because the server closes a connection for good on which too much is said. */
export function checkSaid(value: unknown): void {
  const bytes = new TextEncoder().encode(JSON.stringify(value)).length
  if (bytes > SAY_MAX_BYTES) throw new Error(`Say it in at most ${SAY_MAX_BYTES} bytes of JSON.`)
}

/**
 * Talks back by a request of its own. Resolves to the event's cursor. Rejects with the server's sentence, or with one
 * that says that it cannot be known whether it arrived.
 */
export async function sayByRequest(value: unknown, options: SayByRequest): Promise<Cursor> {
  const { response, text } = await post(value, options)
  const cursor = decodeCursor(decodeObject<SaidFrame>(text)?.said)
  if (response.status === 201 && cursor !== null) return cursor
  throw new Error(refusalSentence(response, text))
}

async function post(
  value: unknown,
  { environment, origin, clientName, answerMs, signal }: SayByRequest,
): Promise<{ readonly response: Response; readonly text: string }> {
  const { clearTimeout, fetch, setTimeout } = environment
  const query = clientName === undefined ? '' : `?${new URLSearchParams({ client: clientName })}`
  const tooLong = new AbortController()
  const timer = setTimeout(() => tooLong.abort(), answerMs)
  try {
    const response = await fetch(`${origin}${SAY_ENDPOINT}${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
      signal: AbortSignal.any([signal, tooLong.signal]),
    })
    return { response, text: await response.text() }
  } catch (error) {
    throw new Error('No answer came: it may or may not have arrived.', { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
