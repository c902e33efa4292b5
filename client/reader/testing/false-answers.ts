import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { nodeEnvironment } from '../../../bench/faults/node-environment.ts'
import { ENDPOINTS, type Technique } from '../../../server/protocol/techniques.ts'
import type { LabEvent } from '../../../server/protocol/wire.ts'
import { type StartedLab, startLab } from '../../../server/testing/start-lab.ts'
import { type Subscription, subscribe } from '../subscribe.ts'
import { EPOCH } from './scripted-server.ts'

/** `silentMs` because the stand-in for EventSource waits 3 s before it reconnects by itself. */
const SHORT_TIMES = { baseMs: 5, capMs: 10, leastMs: 1, silentMs: 1000 }

export interface FalseAnswers {
  /**
   * Subscribes at an endpoint whose first answer is these bytes, with the lab's epoch in place of `EPOCH`, and reads on
   * until event 43 has arrived. Checks that nothing is lost, repeated or taken for something else.
   */
  readThrough(
    technique: Technique,
    answer: string | Uint8Array,
    sliced?: boolean,
  ): Promise<readonly LabEvent[]>
  /** The body, with the lab's epoch in place of `EPOCH`. */
  withEpoch(body: string | Uint8Array): Buffer
}

/** Keeps a lab with 43 events for the tests of a file. */
export function useFalseAnswers(): FalseAnswers {
  let lab: StartedLab
  let endpoint: FalseEndpoint | null = null
  let reader: Subscription | null = null

  beforeAll(async () => {
    lab = await startLab({ allowHosts: ['lab.test'], policy: { retryMs: { least: 5, most: 5 } } })
    await lab.publish(43)
  })
  afterEach(async () => {
    reader?.close()
    await endpoint?.close()
  })
  afterAll(() => lab.stop())

  return { readThrough, withEpoch }

  async function readThrough(
    technique: Technique,
    answer: string | Uint8Array,
    sliced = false,
  ): Promise<readonly LabEvent[]> {
    const received: LabEvent[] = []
    const { epoch } = lab.lab.log
    endpoint = await openFalseEndpoint(Number(new URL(lab.origin).port), withEpoch(answer), sliced)
    reader = subscribe({
      technique,
      origin: endpoint.origin,
      environment: nodeEnvironment(),
      from: { epoch, seq: 41 },
      pollIntervalMs: 5,
      policy: SHORT_TIMES,
      onEvent: ({ event }) => received.push(event),
    })
    await expect.poll(() => reader?.place, { timeout: 8000, interval: 5 }).toEqual({ epoch, seq: 43 })
    expect(received.map(({ seq }) => seq)).toEqual([42, 43])
    expect(reader.audit).toMatchObject({ received: 2, missing: 0, undeclaredGaps: 0, gaps: 0 })
    return received
  }

  function withEpoch(body: string | Uint8Array): Buffer {
    const latin1 = Buffer.from(body).toString('latin1')
    return Buffer.from(latin1.replaceAll(EPOCH, lab.lab.log.epoch), 'latin1')
  }
}

interface FalseEndpoint {
  readonly origin: string
  close(): Promise<void>
}

/** Gives its own answer to the first request, and to every request for no endpoint. The lab answers all others. */
async function openFalseEndpoint(
  labPort: number,
  answer: Uint8Array,
  sliced: boolean,
): Promise<FalseEndpoint> {
  const sockets = new Set<Socket>()
  let isFirst = true
  const server = createServer({ noDelay: true }, client => {
    keep(client).once('data', request => {
      const path = /^GET ([^ ?]*)/.exec(request.toString())?.[1] ?? ''
      if (!isFirst && ENDPOINTS.includes(path)) return join(client, request)
      isFirst = false
      if (sliced) for (const byte of answer) client.write(Uint8Array.of(byte))
      else client.write(answer)
      client.end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { origin: `http://127.0.0.1:${portOf(server)}`, close }

  function join(client: Socket, request: Buffer): void {
    const upstream = keep(connect(labPort, '127.0.0.1'))
    upstream.write(request.toString('latin1').replace(/\r\nHost: [^\r]*/i, '\r\nHost: lab.test'), 'latin1')
    upstream.pipe(client)
    // A second request on this connection would carry another Host: each gets a connection of its own.
    client.once('data', () => client.destroy())
    client.once('close', () => upstream.destroy())
  }

  function keep(socket: Socket): Socket {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    return socket
  }

  function close(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(() => resolve()))
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
