import { setTimeout as delay } from 'node:timers/promises'

/** Resolves once it holds; rejects with what was waited for, and what there is instead. */
export async function until(
  what: string,
  holds: () => boolean,
  withinMs: number,
  instead: () => unknown = () => '',
): Promise<void> {
  const giveUpMs = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > giveUpMs)
      throw new Error(`After ${Math.round(withinMs)} ms there is still no ${what}. ${instead()}`)
    await delay(5)
  }
}
