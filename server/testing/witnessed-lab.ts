import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { asksAtIntervals, forEachTechnique, TECHNIQUES } from '../protocol/techniques.ts'
import { formatCursor } from '../protocol/wire.ts'
import { exchange, openRaw, type RawSocket, request } from './raw-socket.ts'
import { type StartedLab, type StartOptions, startLab } from './start-lab.ts'
import { openReader, type WireReader } from './wire-readers.ts'

const ALONE_WITHIN_MS = 3000

/** A lab that gets bad input while a reader of each technique, a witness, keeps reading. */
export interface WitnessedLab extends StartedLab {
  readonly witnesses: readonly WireReader[]
  /** Opens a connection for bad input. It is closed before `expectUnharmed` checks anything. */
  open(port?: 'origin' | 'linkOrigin'): Promise<RawSocket>
  /**
   * Checks what must hold after every bad input: the server answers, no socket and no reader is left behind, and the
   * witnesses have missed nothing, the next event included.
   */
  expectUnharmed(): Promise<void>
}

/** Starts a lab with its witnesses. `stop` throws what the lab complained of. */
export async function startWitnessedLab(options: StartOptions = {}): Promise<WitnessedLab> {
  const started = await startLab(options)
  const { lab, origin } = started
  const opened: RawSocket[] = []
  await started.publish(1)
  const place = formatCursor(await started.publish(1))
  const witnesses = await Promise.all(
    TECHNIQUES.map(technique => openReader(technique, origin, `cursor=${place}`)),
  )
  const seqBefore = lab.log.top
  await untilAlone()

  return { ...started, witnesses, open, expectUnharmed, stop }

  async function open(port: 'origin' | 'linkOrigin' = 'origin'): Promise<RawSocket> {
    const raw = await openRaw(started[port])
    opened.push(raw)
    return raw
  }

  async function expectUnharmed(): Promise<void> {
    await Promise.all(opened.splice(0).map(raw => raw.leave()))
    const health = await exchange(origin, request(origin, '/api/health'))
    expect(health.status).toBe(200)
    const { seq } = await started.publish(1)
    for (const witness of witnesses) await witness.until(({ texts }) => texts.length === seq - seqBefore)
    for (const witness of witnesses) {
      expect(witness.texts.map(text => JSON.parse(text).seq)).toEqual(
        Array.from(witness.texts, (_, index) => seqBefore + 1 + index),
      )
      expect(witness.gaps).toEqual([])
    }
    await untilAlone()
  }

  /** Resolves once only the witnesses are connected. */
  async function untilAlone(): Promise<void> {
    const alone = {
      sockets: TECHNIQUES.length,
      readers: forEachTechnique(technique => (asksAtIntervals(technique) ? 0 : 1)),
    }
    let now = connected()
    for (
      const giveUpAt = performance.now() + ALONE_WITHIN_MS;
      !isDeepStrictEqual(now, alone);
      now = connected()
    ) {
      if (performance.now() > giveUpAt) return expect(now).toEqual(alone)
      await new Promise(resolve => setTimeout(resolve, 2))
    }
  }

  function connected() {
    return {
      sockets: lab.meter.allSockets().length,
      readers: forEachTechnique(technique => lab.techniques[technique].readers),
    }
  }

  async function stop(): Promise<void> {
    await Promise.all([...opened, ...witnesses].map(each => each.leave()))
    await started.stop()
  }
}
