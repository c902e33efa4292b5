import { Readable } from 'node:stream'
import { buildLab, type Lab, type LabOptions } from '../app.ts'
import { urlHost } from '../gate/names.ts'
import { POLICY, type Policy } from '../policy.ts'
import type { Cursor } from '../protocol/wire.ts'
import type { SourceOptions } from '../sources/index.ts'
import { shippedRecord } from '../sources/replay.ts'

/** A lab for one test, on free ports. */
export interface StartedLab {
  readonly lab: Lab
  /** The origin of the page, and that of the link. */
  readonly origin: string
  readonly linkOrigin: string
  /** Publishes so many events, one after the other; resolves to the cursor of the last. */
  publish(count: number, data?: (n: number) => unknown): Promise<Cursor>
  stop(): Promise<void>
}

export interface StartOptions extends Partial<Omit<LabOptions, 'source' | 'policy'>> {
  readonly source?: Partial<SourceOptions>
  readonly policy?: Partial<Policy>
  /** Where to listen; 127.0.0.1 if not given. */
  readonly host?: string
}

export const QUIET: SourceOptions = {
  kind: 'none',
  rate: 0,
  timing: 'fixed',
  payloadBytes: 64,
  file: shippedRecord(),
  speed: 600,
  seed: 1,
  stdin: Readable.from([]),
  complain: sentence => {
    throw new Error(sentence)
  },
}

/** Starts a lab with no source. `stop` throws what the lab complained of. */
export async function startLab(options: StartOptions = {}): Promise<StartedLab> {
  const complaints: Error[] = []
  const lab = await buildLab({
    window: { keepEvents: 100_000, keepSeconds: 120, keepBytes: 16_777_216 },
    deployment: 'loopback',
    token: null,
    allowHosts: [],
    complain: error => complaints.push(error),
    ...options,
    source: { ...QUIET, ...options.source },
    policy: { ...POLICY, ...options.policy },
  })
  const host = options.host ?? '127.0.0.1'
  const { port, linkPort } = await lab.listen({ host, port: 0, linkPort: 0 })
  const name = urlHost(host)

  return {
    lab,
    origin: `http://${name}:${port}`,
    linkOrigin: `http://${name}:${linkPort}`,
    publish,
    async stop() {
      await lab.close()
      if (complaints.length > 0) throw new AggregateError(complaints, 'the lab complained')
    },
  }

  async function publish(count: number, data: (n: number) => unknown = n => ({ n })): Promise<Cursor> {
    let last: Cursor = { epoch: lab.log.epoch, seq: lab.log.top }
    for (let n = 1; n <= count; n += 1) last = await lab.log.append('test', data(n))
    return last
  }
}
