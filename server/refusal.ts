import type { RefusalParams } from './protocol/api.ts'

/** A request that the server refuses. `message` says what to do instead and repeats nothing of the input. */
export class Refusal extends Error {
  readonly statusCode: number
  readonly code: string
  readonly params: RefusalParams | undefined
  /** Headers that the answer needs besides those of every refusal. */
  readonly headers: Readonly<Record<string, string>> | undefined

  constructor(statusCode: number, code: string, message: string, details: RefusalDetails = {}) {
    super(message)
    this.name = 'Refusal'
    this.statusCode = statusCode
    this.code = code
    this.params = details.params
    this.headers = details.headers
  }
}

export interface RefusalDetails {
  readonly params?: RefusalParams
  readonly headers?: Readonly<Record<string, string>>
}
