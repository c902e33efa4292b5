import { setTimeout as delay } from 'node:timers/promises'

/** Resolves once it holds; otherwise rejects with `what` should have held, a clause such as "every reader is open". */
export async function waitUntil(
  what: string,
  holds: () => boolean,
  withinMs: number,
  describeState: () => unknown = () => '',
): Promise<void> {
  const giveUpMs = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > giveUpMs)
      throw new Error(`Waited ${Math.round(withinMs)} ms in vain until ${what}. ${describeState()}`)
    await delay(5)
  }
}
