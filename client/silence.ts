import type { Environment } from './environment.ts'

/** Watches for a silence that has lasted too long: the only way to notice a link that died without a word. */
export interface Silence {
  /** Since something was heard, or since listening began. */
  readonly ms: number
  /** Listens from now on, and calls back once if nothing is heard for `limitMs`. */
  listen(limitMs: number): void
  heard(): void
  /** Nothing is expected now. */
  rest(): void
}

export function createSilence(
  { monotonicMs, setTimeout, clearTimeout }: Environment,
  onTooLong: () => void,
): Silence {
  let heardMs = monotonicMs()
  let limitMs = 0
  let timer: unknown = null

  return {
    get ms() {
      return monotonicMs() - heardMs
    },
    listen,
    heard,
    rest,
  }

  function listen(forMs: number): void {
    limitMs = forMs
    heard()
    arm(limitMs)
  }

  function heard(): void {
    heardMs = monotonicMs()
  }

  function rest(): void {
    clearTimeout(timer)
  }

  function arm(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(look, ms)
  }

  /** One timer that looks how long the silence really is, instead of a new one for each message. */
  function look(): void {
    const leftMs = limitMs - (monotonicMs() - heardMs)
    if (leftMs > 0) arm(leftMs)
    else onTooLong()
  }
}
