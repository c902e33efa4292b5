import { type Stored, stored } from '../../shared/stored.ts'

/** Whether single keys act as commands. People who dictate, or hit keys by accident, switch them off (WCAG 2.1.4). */
export interface Keys {
  readonly on: boolean
  set(on: boolean): void
}

export function openKeys(kept: Stored = stored('browser', 'push-lab keys')): Keys {
  return {
    get on() {
      return kept.read() !== 'off'
    },
    set: on => kept.write(on ? null : 'off'),
  }
}
