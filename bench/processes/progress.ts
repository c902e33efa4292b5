/** What the bench says on stderr while it runs: a line per trial, and a live one on a terminal. */
import { armName, factSentence, placeLabel } from '../../client/run/text/en.ts'
import type { Trial } from '../judge/result.ts'

export interface Progress {
  begin(label: string): void
  end(trial: Trial): void
  say(line: string): void
}

export interface ProgressOptions {
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly blocks: number
  /** What each trial is expected to take, in the order of running. */
  readonly expectedMs: readonly number[]
}

const VERDICT_MARK = { ok: '●', flagged: '◔', refused: '✕', failed: '✕' } as const
const CLEAR_LINE = '\r\x1b[K'

export function createProgress({ stream, blocks, expectedMs }: ProgressOptions): Progress {
  const live = stream.isTTY === true
  let done = 0
  let tookMs = 0

  return {
    begin(label) {
      if (live) stream.write(`${counter(done + 1)} ${label} … ${timeLeft()}`)
    },
    end(trial) {
      done++
      tookMs += trial.wallMs
      const who = armLabel(trial)
      const said =
        trial.verdict === 'ok'
          ? headline(trial)
          : `${trial.verdict}: ${trial.reasons.map(factSentence).join(' ')}`
      const line = `${counter(done)} block ${trial.block}/${blocks}  ${VERDICT_MARK[trial.verdict]} ${who.padEnd(27)} ${(trial.wallMs / 1000).toFixed(1)} s  ${said}`
      stream.write(`${live ? CLEAR_LINE : ''}${line}  (${timeLeft()})\n`)
    },
    say(line) {
      stream.write(`${live ? CLEAR_LINE : ''}${line}\n`)
    },
  }

  function counter(index: number): string {
    const width = String(expectedMs.length).length
    return `[${String(index).padStart(width)}/${expectedMs.length}]`
  }

  /** The plan's own estimate, corrected by how it has fared so far. */
  function timeLeft(): string {
    const sum = (part: readonly number[]) => part.reduce((total, ms) => total + ms, 0)
    const pace = done === 0 ? 1 : tookMs / sum(expectedMs.slice(0, done))
    return `${Math.round((sum(expectedMs.slice(done)) * pace) / 1000)} s left`
  }
}

/** `delivery sse`, `delivery tcp as sse`, `distance sse, RTT 20 ms`, `delivery sse again`. */
export function armLabel({ scenario, arm, as = null, at = null, twin = false }: LabelledArm): string {
  const place = at === null ? '' : `, ${placeLabel(at)}`
  return `${scenario} ${armName(arm, as)}${place}${twin ? ' again' : ''}`
}

type LabelledArm = Pick<Trial, 'scenario' | 'arm'> & Partial<Pick<Trial, 'as' | 'at' | 'twin'>>

function headline({ values }: Trial): string {
  const parts = [
    values['latency-p50'] !== undefined && `p50 ${values['latency-p50'].toFixed(1)} ms`,
    values['cpu-per-request'] !== undefined && `${values['cpu-per-request'].toFixed(1)} µs/request`,
    values['cpu-per-delivery'] !== undefined && `${values['cpu-per-delivery'].toFixed(1)} µs/delivery`,
    values['throughput-empty'] !== undefined && `${values['throughput-empty'].toFixed(0)} empty polls/s`,
    values['connect-p50'] !== undefined && `connect ${values['connect-p50'].toFixed(2)} ms`,
    values['memory-per-connection'] !== undefined &&
      `${values['memory-per-connection'].toFixed(1)} KB/connection`,
  ]
  return parts.filter(part => part !== false).join(', ')
}
