import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { TECHNIQUES } from '../protocol/techniques.ts'
import { formatCursor } from '../protocol/wire.ts'
import { exchange, openRaw, type RawSocket, request } from './raw-socket.ts'
import { type StartedLab, type StartOptions, startLab } from './start-lab.ts'
import { openReader, type WireReader } from './wire-readers.ts'

const ALONE_WITHIN_MS = 3000

/** A lab that is maltreated while a reader of each technique looks on. */
export interface WitnessedLab extends StartedLab {
  readonly witnesses: readonly WireReader[]
  /** A connection of a malefactor, which is hung up on before the harm is looked at. */
  open(port?: 'origin' | 'linkOrigin'): Promise<RawSocket>
  /**
   * What must hold after every bad input: the server answers, no socket and no reader of it is left behind, and the
   * witnesses missed nothing, the next event included. Fails the test in which it does not.
   */
  expectUnharmed(): Promise<void>
}

/** Starts a lab with its witnesses. What the lab complained of is thrown by `stop`. */
export async function startWitnessedLab(options: StartOptions = {}): Promise<WitnessedLab> {
  const started = await startLab(options)
  const { lab, origin } = started
  const opened: RawSocket[] = []
  await started.publish(1)
  const place = formatCursor(await started.publish(1))
  const witnesses = await Promise.all(
    TECHNIQUES.map(technique => openReader[technique](origin, `cursor=${place}`)),
  )
  const seqBefore = lab.log.top
  await leftAlone()

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
    await leftAlone()
  }

  /** Resolves once nobody but the witnesses is there. */
  async function leftAlone(): Promise<void> {
    const alone = { sockets: TECHNIQUES.length, held: 1, sse: 1, websocket: 1 }
    let now = whoIsThere()
    for (
      const giveUpAt = performance.now() + ALONE_WITHIN_MS;
      !isDeepStrictEqual(now, alone);
      now = whoIsThere()
    ) {
      if (performance.now() > giveUpAt) return expect(now).toEqual(alone)
      await new Promise(resolve => setTimeout(resolve, 2))
    }
  }

  function whoIsThere() {
    const { 'long-poll': longPoll, sse, websocket } = lab.techniques
    return {
      sockets: lab.meter.allSockets().length,
      held: longPoll.readers,
      sse: sse.readers,
      websocket: websocket.readers,
    }
  }

  async function stop(): Promise<void> {
    await Promise.all([...opened, ...witnesses].map(each => each.leave()))
    await started.stop()
  }
}
