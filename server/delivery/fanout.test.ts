import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import type { Delivered } from '../gate/meter.ts'
import { createEventLog, type EventLog } from '../log/event-log.ts'
import { POLICY, type Policy } from '../policy.ts'
import { type Connection, createFanout, type Envelope, type Fanout } from './fanout.ts'

const clock = systemClock()
/** Envelopes that can be read in an expectation. */
const plain: Envelope = {
  overheadBytes: 1,
  events: (_epoch, entries) => Buffer.from(entries.map(({ seq }) => `${seq} `).join('')),
  hello: ({ cursor }) => Buffer.from(`hello ${cursor.slice(11)} `),
  gap: (gap, cursor) => Buffer.from(`gap ${gap.lost} to ${cursor.seq} `),
  heartbeat: top => Buffer.from(`heartbeat ${top} `),
  bye: ({ reason }) => Buffer.from(`bye ${reason} `),
}

describe('the fanout', () => {
  let fanout: Fanout | null = null
  afterEach(() => fanout?.close())

  const open = (log: EventLog, policy: Partial<Policy> = {}) => {
    fanout = createFanout(log, plain, { ...POLICY, ...policy }, clock.monotonicMs)
    return fanout
  }

  it('turns from replay to live without a seam', async () => {
    const log = openLog()
    await publish(log, 3)
    const reader = slowReader()
    open(log).follow(reader, 'earliest')
    await publish(log, 2)
    await turn()
    expect(reader.read()).toBe('hello 0 1 2 3 4 5 ')
  })

  it('puts the events of one turn into one write, with one Buffer for all readers at the same cursor', async () => {
    const log = openLog()
    const fanout = open(log)
    const readers = [slowReader(), slowReader(), slowReader()]
    for (const reader of readers) fanout.follow(reader, 'now')
    await publish(log, 4)
    await turn()
    const writes = readers.map(reader => reader.writes.at(-1))
    expect(writes[0]?.toString()).toBe('1 2 3 4 ')
    expect(writes[1]).toBe(writes[0])
    expect(writes[2]).toBe(writes[0])
  })

  it('writes nothing to a reader whose sink is full, then everything since its cursor', async () => {
    const log = openLog()
    const fanout = open(log)
    const slow = slowReader()
    const quick = slowReader()
    fanout.follow(slow, 'now')
    fanout.follow(quick, 'now')
    slow.block()
    for (let n = 0; n < 5; n += 1) {
      await publish(log, 1)
      await turn()
    }
    expect(slow.read()).toBe('hello 0 ')
    expect(quick.read()).toBe('hello 0 1 2 3 4 5 ')
    slow.unblock()
    expect(slow.writes.at(-1)?.toString()).toBe('1 2 3 4 5 ')
  })

  it('declares a gap to a slow reader that fell out of the window', async () => {
    const log = openLog(3)
    const slow = slowReader()
    open(log).follow(slow, 'now')
    await publish(log, 1)
    await turn()
    slow.block()
    await publish(log, 9)
    await turn()
    slow.unblock()
    await turn()
    expect(slow.read()).toBe('hello 0 1 gap 6 to 7 8 9 10 ')
  })

  it('never exceeds the limit of one write, and writes again only when it has drained', async () => {
    const log = openLog()
    for (let n = 0; n < 10; n += 1) await log.append('test', 'x'.repeat(1000))
    const reader = slowReader()
    open(log, { writeBytes: 3200 }).follow(reader, 'earliest')
    expect(reader.read()).toBe('hello 0 1 2 3 ')
    reader.block()
    await turn()
    expect(reader.read()).toBe('hello 0 1 2 3 ')
    reader.unblock()
    await turn()
    expect(reader.writes.map(String)).toEqual(['hello 0 ', '1 2 3 ', '4 5 6 ', '7 8 9 ', '10 '])
  })

  it('waits for more events when told to coalesce', async () => {
    const log = openLog()
    const reader = slowReader()
    open(log, { coalesceMs: 400 }).follow(reader, 'now')
    await publish(log, 1)
    await turn()
    await publish(log, 1)
    await turn()
    expect(reader.read()).toBe('hello 0 ')
    await expect.poll(() => reader.writes.at(-1)?.toString()).toBe('1 2 ')
  })

  it('sends a heartbeat after a silence, and only then', async () => {
    const log = openLog()
    const reader = slowReader()
    open(log, { heartbeatMs: 60, checkEveryMs: 10 }).follow(reader, 'now')
    await expect.poll(() => reader.read()).toContain('heartbeat 0 ')
    const beats = reader.writes.length
    const until = performance.now() + 150
    while (performance.now() < until) {
      await publish(log, 1)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    const after = reader.writes.slice(beats).map(String)
    expect(after.filter(write => write.startsWith('heartbeat')).length).toBeLessThanOrEqual(1)
  })

  it('cuts a reader whose write does not drain, and no other reader', async () => {
    const log = openLog()
    const fanout = open(log, { undrainedMs: 50, checkEveryMs: 10 })
    const stuck = slowReader()
    const quick = slowReader()
    fanout.follow(stuck, 'now')
    fanout.follow(quick, 'now')
    stuck.block()
    await expect.poll(() => stuck.cuts).toBe(1)
    expect(quick.cuts).toBe(0)
    expect(fanout.size).toBe(1)
  })

  it('sends a bye to every reader when it drains', () => {
    const log = openLog()
    const fanout = open(log)
    const reader = slowReader()
    fanout.follow(reader, 'now')
    fanout.drain()
    expect(reader.read()).toBe('hello 0 bye The server is closing. ')
    expect(reader.ends).toBe(1)
    expect(fanout.size).toBe(0)
  })

  it('counts what it delivers', async () => {
    const log = openLog()
    const reader = slowReader()
    open(log).follow(reader, 'now')
    await publish(log, 3)
    await turn()
    expect(reader.delivered).toMatchObject({ events: 3, payloadBytes: log.bytes })
  })
})

function openLog(keepEvents = 1000): EventLog {
  return createEventLog({ keepEvents, keepSeconds: 100, keepBytes: 1e6 }, clock)
}

async function publish(log: EventLog, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => log.append('test', n)))
}

function turn(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 10))
}

/** A reader whose sink is writable until it is blocked. */
function slowReader() {
  let blocked = false
  let drained = () => {}
  const writes: Uint8Array[] = []
  const counts = { cuts: 0, ends: 0 }
  let delivered: Delivered = { events: 0, payloadBytes: 0 }
  const connection: Connection = {
    sink: {
      get writable() {
        return !blocked
      },
      write: bytes => writes.push(bytes),
      onDrain(callback) {
        drained = callback
      },
      destroy: () => {},
    },
    account: {
      stream(counts) {
        delivered = counts
      },
    },
    cut: () => {
      counts.cuts += 1
    },
    end: () => {
      counts.ends += 1
    },
  }
  return {
    ...connection,
    writes,
    get delivered() {
      return delivered
    },
    get cuts() {
      return counts.cuts
    },
    get ends() {
      return counts.ends
    },
    read: () => writes.map(String).join(''),
    block: () => {
      blocked = true
    },
    unblock: () => {
      blocked = false
      drained()
    },
  }
}
