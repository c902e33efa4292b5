import type { Health, LinkConditions, SourceSettings } from '../../../../server/protocol/api.ts'
import { labUrl } from '../../shared/address.ts'
import type { ControlToken } from '../../shared/control-token.ts'
import type { CommandFailure, ServerRefusal } from '../store/command-failure.ts'

/** The server did not do what it was told. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
  readonly failure: CommandFailure

  constructor(failure: CommandFailure) {
    super(failure.name)
    this.failure = failure
  }
}

/** The page's requests to the server. Each rejects with a `CommandFailed` and nothing else. */
export interface Api {
  health(): Promise<Health>
  /** The link's conditions; only where there is a link. */
  link(): Promise<LinkConditions>
  source(): Promise<SourceSettings>
  setRate(rate: number): Promise<SourceSettings>
  emit(): Promise<void>
  burst(count: number): Promise<void>
  /** Resolves to how many connections were cut. */
  kill(): Promise<number>
  reset(): Promise<void>
}

export function createApi(token: Pick<ControlToken, 'value' | 'drop'>): Api {
  return {
    health: () => request<Health>('GET', '/api/health'),
    link: () => request<LinkConditions>('GET', '/api/link'),
    source: () => request<SourceSettings>('GET', '/api/source'),
    setRate: rate => request<SourceSettings>('PUT', '/api/source', { rate }),
    emit: async () => {
      await request('POST', '/api/events', { type: 'manual', data: { sentBy: 'page' } })
    },
    burst: async count => {
      await request('POST', '/api/burst', { count })
    },
    kill: async () => (await request<{ readonly cut: number }>('POST', '/api/kill', {})).cut,
    reset: async () => {
      await request('POST', '/api/reset', {})
    },
  }

  async function request<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const sent = token.value
    const headers = new Headers()
    if (sent !== null) headers.set('Authorization', `Bearer ${sent}`)
    if (body !== undefined) headers.set('Content-Type', 'application/json')
    let response: Response
    try {
      response = await fetch(labUrl(path), {
        method,
        headers,
        cache: 'no-store',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch {
      throw new CommandFailed({ name: 'unreachable' })
    }
    const answer: unknown = await response.json().catch(() => null)
    if (response.ok) return answer as T
    if (response.status === 401) {
      if (sent === null) throw new CommandFailed({ name: 'no-token' })
      // Another token may have come in the meantime.
      if (token.value === sent) token.drop()
      throw new CommandFailed({ name: 'stale-token' })
    }
    throw new CommandFailed({ name: 'refused', status: response.status, refusal: readRefusal(answer) })
  }
}

/** `null` for an answer that is not the lab's: a proxy may refuse in its own words. */
function readRefusal(answer: unknown): ServerRefusal | null {
  if (typeof answer !== 'object' || answer === null) return null
  if (!('error' in answer) || typeof answer.error !== 'string') return null
  const code = 'code' in answer && typeof answer.code === 'string' ? answer.code : ''
  const params = 'params' in answer && typeof answer.params === 'object' ? answer.params : null
  return { code, params: { ...params }, error: answer.error }
}
