import { SAY_ENDPOINT } from '../../server/protocol/techniques.ts'
import { parseCursor, type SaidFrame } from '../../server/protocol/wire.ts'
import type { Environment } from './environment.ts'
import { decodeObject } from './transports/decode.ts'
import { refusalSentence } from './transports/refusal.ts'

export interface SayByRequest {
  readonly environment: Environment
  readonly origin: string
  /** Who speaks, so that all behind one address do not share one limit. */
  readonly clientName: string | undefined
  /** So long is the answer waited for. */
  readonly answerMs: number
  readonly signal: AbortSignal
}

/**
 * Talks back by a request of its own. Resolves to the event's cursor; rejects with the server's sentence, or with one
 * that says that nobody can know whether it was heard.
 */
export async function say(value: unknown, options: SayByRequest): Promise<string> {
  const { response, text } = await post(value, options)
  const said = decodeObject<SaidFrame>(text)?.said
  if (response.status === 201 && typeof said === 'string' && parseCursor(said) !== null) return said
  throw new Error(refusalSentence(response, text))
}

async function post(
  value: unknown,
  { environment, origin, clientName, answerMs, signal }: SayByRequest,
): Promise<{ readonly response: Response; readonly text: string }> {
  const { clearTimeout, fetch, setTimeout } = environment
  const query = clientName === undefined ? '' : `?${new URLSearchParams({ client: clientName })}`
  const asking = new AbortController()
  const stop = () => asking.abort()
  const timer = setTimeout(stop, answerMs)
  signal.addEventListener('abort', stop)
  try {
    const response = await fetch(`${origin}${SAY_ENDPOINT}${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
      signal: asking.signal,
    })
    return { response, text: await response.text() }
  } catch (error) {
    throw new Error('No answer came: it may have been heard, or not.', { cause: error })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
