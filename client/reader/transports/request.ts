import type { Batch } from '../../../server/protocol/wire.ts'
import { decodeBatch } from './decode.ts'
import { readRefusal } from './refusal.ts'
import type { Ending, Reader } from './transport.ts'

/** What one ask brought. Without a batch and without an ending there was nothing new (304). */
export interface Answer {
  readonly batch: Batch | null
  readonly ending: Ending | null
  /** `environment.now()` when the answer's last byte was there, before it was decoded. */
  readonly receivedAt: number
}

const UNREACHABLE: Ending = { final: false, floorMs: 0, why: 'unreachable' }

/**
 * One ask of a poll, of either kind. No conditional header is set by hand: cross-origin it would cost a preflight
 * for each new cursor. Never rejects.
 */
export async function ask(reader: Reader, address: string, cache: 'no-cache' | 'no-store'): Promise<Answer> {
  const { fetch, now } = reader.environment
  // A signal of its own: the link's would gather a listener for every ask of its life.
  const asking = new AbortController()
  const stop = () => asking.abort()
  reader.signal.addEventListener('abort', stop)
  try {
    const response = await fetch(address, { cache, signal: asking.signal })

    reader.heard()
    const text = await readText(response, reader.heard)
    const receivedAt = now()
    if (response.status === 304) return { batch: null, ending: null, receivedAt }
    // Decoded as a whole or not at all: a body that was cut holds no event.
    const batch = response.ok ? decodeBatch(text) : null
    const ending = batch === null ? readRefusal(response, text, receivedAt) : null
    return { batch, ending, receivedAt }
  } catch {
    // Unreachable, or cut in the middle of the answer.
    return { batch: null, ending: UNREACHABLE, receivedAt: now() }
  } finally {
    reader.signal.removeEventListener('abort', stop)
  }
}

/** Chunk by chunk, because a long answer on a slow link is a link that is alive. Rejects if the body is cut. */
async function readText(response: Response, heard: () => void): Promise<string> {
  if (response.body === null) return ''
  const body = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await body.read()
    if (done) return text + decoder.decode()
    heard()
    text += decoder.decode(value, { stream: true })
  }
}
