import type { Technique } from '../../../../server/protocol/techniques.ts'
import { type CommandFailure, forbidsAll } from '../store/command-failure.ts'
import { type CommandName, obstacleTo } from '../store/obstacle.ts'
import { type CommandOutcome, type PageStore, POLL_INTERVAL_DEFAULT_MS } from '../store/page-state.ts'
import { type Api, CommandFailed } from './api.ts'

/** What a person can do on the live page; buttons and keys call the same functions. */
export interface Commands {
  setRate(rate: number): void
  togglePause(): void
  setPollInterval(pollIntervalMs: number): void
  emit(): void
  burst(): void
  kill(): void
  reset(): void
  takeOver(): void
  setLane(technique: Technique, on: boolean): void
}

const BURST_EVENTS = 100
const RATE_DEFAULT = 2

/** Commands to the server. What each comes to stands in `state.outcome`. */
export function createCommands(
  api: Api,
  state: PageStore,
  local: Pick<Commands, 'setPollInterval' | 'takeOver' | 'setLane'>,
): Commands {
  let rateBeforePause = RATE_DEFAULT

  return {
    ...local,
    setRate: rate => run('rate', () => setRate(rate)),
    togglePause: () => run('pause', togglePause),
    emit: () => run('emit', () => api.emit().then(() => ({ name: 'emitted' }))),
    burst: () =>
      run('burst', () => api.burst(BURST_EVENTS).then(() => ({ name: 'burst', events: BURST_EVENTS }))),
    kill: () => run('kill', () => api.kill().then(connections => ({ name: 'cut', connections }))),
    reset: () => run('reset', reset),
  }

  async function setRate(rate: number): Promise<CommandOutcome> {
    const source = await api.setRate(rate)
    state.source = source
    if (rate > 0) rateBeforePause = rate
    return { name: 'source', source }
  }

  function togglePause(): Promise<CommandOutcome> {
    const rate = state.source?.rate ?? 0
    if (rate > 0) rateBeforePause = rate
    return setRate(rate > 0 ? 0 : rateBeforePause)
  }

  async function reset(): Promise<CommandOutcome> {
    await api.reset()
    local.setPollInterval(POLL_INTERVAL_DEFAULT_MS)
    state.source = await api.source().catch(() => state.source)
    return { name: 'reset', pollIntervalMs: POLL_INTERVAL_DEFAULT_MS }
  }

  function run(name: CommandName, command: () => Promise<CommandOutcome>): void {
    const obstacle = obstacleTo(name, state)
    if (obstacle !== null) {
      state.outcome = { name: 'obstructed', obstacle }
      return
    }
    command().then(outcome => {
      state.outcome = outcome
    }, fail)
  }

  function fail(error: unknown): void {
    if (!(error instanceof CommandFailed)) throw error
    const failure: CommandFailure = error.failure
    state.outcome = { name: 'failed', failure }
    if (forbidsAll(failure)) state.forbidden = failure
  }
}
