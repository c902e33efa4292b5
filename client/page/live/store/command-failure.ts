/** Why the server did not do what it was told. */
export type CommandFailure =
  | { readonly name: 'unreachable' }
  /** The server asks for a control token and this tab has none. */
  | { readonly name: 'no-token' }
  /** The token of this tab is from an earlier start of the server. */
  | { readonly name: 'stale-token' }
  | { readonly name: 'refused'; readonly status: number; readonly refusal: ServerRefusal | null }

/** What the server says of a refusal. Data from outside: `code` may be one that this page does not know. */
export interface ServerRefusal {
  readonly code: string
  readonly params: Readonly<Record<string, unknown>>
  /** The server's own sentence, in English. */
  readonly error: string
}

/** True where not one command alone is refused, but every command from here. */
export function forbidsAll(failure: CommandFailure): boolean {
  if (failure.name === 'refused') return failure.refusal?.code === 'commands-off'
  return failure.name === 'no-token' || failure.name === 'stale-token'
}
