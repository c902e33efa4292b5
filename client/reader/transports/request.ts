import { decodeBatch, type ReceivedBatch } from './decode.ts'
import { readRefusal } from './refusal.ts'
import { type Ending, type LinkContext, lossBy } from './transport.ts'

/** What one request brought. Without a batch and without an ending there was nothing new (304). */
export interface Answer {
  readonly batch: ReceivedBatch | null
  readonly ending: Ending | null
  /** `environment.now()` when the last byte of the answer was there, before it was decoded. */
  readonly receivedAt: number
}

/**
 * One request that is answered with a batch. It sets no conditional header by hand: cross-origin that would cost a
 * preflight for each new cursor. Never rejects.
 */
export async function request(
  link: LinkContext,
  address: string,
  cache: 'no-cache' | 'no-store',
): Promise<Answer> {
  const { fetch, now } = link.environment
  // The link's signal lives long, and would gather a listener for every request. `AbortSignal.any` does not help: in
  // Node each signal that it makes stays with the long-lived one (nodejs/node#64476).
  const own = new AbortController()
  const abort = () => own.abort()
  link.signal.addEventListener('abort', abort)
  try {
    const response = await fetch(address, { cache, signal: own.signal })

    link.bytesReceived()
    const text = await readText(response, link.bytesReceived)
    const receivedAt = now()
    if (response.status === 304) return { batch: null, ending: null, receivedAt }
    // Decoded as a whole or not at all: a body that was cut holds no event.
    const batch = response.ok ? decodeBatch(text) : null
    const ending = batch === null ? readRefusal(response, text, receivedAt) : null
    return { batch, ending, receivedAt }
  } catch {
    // No connection, or one that was cut in the middle of the answer.
    return { batch: null, ending: lossBy('unreachable'), receivedAt: now() }
  } finally {
    link.signal.removeEventListener('abort', abort)
  }
}

/** The whole body. Rejects if it is cut. */
export async function readText(response: Response, onBytes: () => void): Promise<string> {
  let whole = ''
  for await (const text of readChunks(response, onBytes)) whole += text
  return whole
}

/**
 * The text of a body as it arrives; a chunk ends anywhere, but never within a character. Rejects if the body is cut.
 * By `getReader`, because Safari cannot iterate over a body.
 */
export async function* readChunks(response: Response, onBytes: () => void): AsyncGenerator<string> {
  if (response.body === null) return
  const body = response.body.getReader()
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await body.read()
    if (done) break
    onBytes()
    yield decoder.decode(value, { stream: true })
  }
  yield decoder.decode()
}
