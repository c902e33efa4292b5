import type { Health, LinkConditions, RefusalBody, SourceSettings } from '../../../../server/protocol/api.ts'
import { labUrl } from '../../shared/address.ts'
import type { ControlToken } from '../../shared/control-token.ts'
import { text } from '../../shared/text/en.ts'

/** A command that was not obeyed; the message is a sentence for the person who gave it. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused'
  /** Not this command alone: none is allowed from here. */
  readonly forbidden: boolean

  constructor(sentence: string, forbidden = false) {
    super(sentence)
    this.forbidden = forbidden
  }
}

/** The commands and questions of the page. Every failure is a CommandRefused with a sentence. */
export interface Api {
  health(): Promise<Health>
  /** What is set on the way of the lanes; only where they have one of their own. */
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
    health: () => ask<Health>('GET', '/api/health'),
    link: () => ask<LinkConditions>('GET', '/api/link'),
    source: () => ask<SourceSettings>('GET', '/api/source'),
    setRate: rate => ask<SourceSettings>('PUT', '/api/source', { rate }),
    emit: async () => {
      await ask('POST', '/api/events', { type: 'manual', data: { sentBy: 'page' } })
    },
    burst: async count => {
      await ask('POST', '/api/burst', { count })
    },
    kill: async () => (await ask<{ readonly cut: number }>('POST', '/api/kill', {})).cut,
    reset: async () => {
      await ask('POST', '/api/reset', {})
    },
  }

  async function ask<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
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
      throw new CommandRefused(text.commandUnreachable)
    }
    const answer: unknown = await response.json().catch(() => null)
    if (response.ok) return answer as T
    if (response.status === 401) {
      if (sent === null) throw new CommandRefused(text.noToken, true)
      // Another may have come in the meantime.
      if (token.value === sent) token.drop()
      throw new CommandRefused(text.staleToken, true)
    }
    if (!isRefusal(answer)) throw new CommandRefused(text.commandRefused(response.status))
    throw new CommandRefused(answer.error, answer.code === 'commands-off')
  }
}

function isRefusal(answer: unknown): answer is RefusalBody {
  return (
    typeof answer === 'object' && answer !== null && 'error' in answer && typeof answer.error === 'string'
  )
}
