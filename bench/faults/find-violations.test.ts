import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findViolations, RULES, type ViolationKind } from './find-violations.ts'
import type { Entry, EventEntry, Ledger, ReaderAccount } from './ledger.ts'

const EPOCH = 'aaaaaaaaaa'
const NEXT = 'bbbbbbbbbb'
const RECOVERY = { atMs: 1000, withinMs: 10_000 }

describe('the check of the ledger', () => {
  it('finds nothing when every event arrives once and in order, over several connections', () => {
    expect(verdict(events(1, 9))).toEqual([])
  })

  it('finds nothing when trimmed events and the new epoch were declared', () => {
    const entries = [...events(1, 2), trimmed(3, 5), ...events(6, 9), epochGap(), event(1, NEXT)]
    const top = { ...RECOVERY, top: `${NEXT}-1` }
    expect(verdict(entries, { trimmedUpTo: new Map([[EPOCH, 5]]), recovery: top })).toEqual([])
  })

  it.each<[string, Entry[], ViolationKind, RegExp]>([
    ['a dropped event', without(4), 'lost', /^L1: ann never received 1 of aaaaaaaaaa-1 to 9: 4\.$/],
    [
      'a repeated event',
      [...events(1, 4), ...events(4, 9)],
      'repeated',
      /^L1: ann received aaaaaaaaaa-4 again/,
    ],
    [
      'two swapped events',
      [...events(1, 3), event(5), event(4), ...events(6, 9)],
      'disordered',
      /^L2: .*-4 after .*-5/,
    ],
    [
      'a forged event',
      [...events(1, 3), { ...event(4), hash: 'evil' }, ...events(5, 9)],
      'forged',
      /^L3: .*4 \(evil\) at .*-4/,
    ],
    [
      'a forged event at a cursor of its own',
      [...events(1, 9), { ...event(10), hash: 'evil' }],
      'forged',
      /^L3: .*10 \(evil\)/,
    ],
    [
      "an event with another one's payload",
      [...events(1, 3), { ...event(4), n: 7, hash: 'h7' }, ...events(5, 9)],
      'contradicted',
      /^L4: .*7 \(h7\) at aaaaaaaaaa-4, where 4 \(h4\) is/,
    ],
    [
      'a gap that declares too much',
      [...events(1, 2), trimmed(3, 6), ...events(7, 9)],
      'inexact',
      /^L5: .*3 to 6 are lost, but the log has dropped only up to 5/,
    ],
    [
      'a gap that reaches back before the reader',
      [...events(1, 2), trimmed(2, 5), ...events(6, 9)],
      'inexact',
      /^L5: .*at aaaaaaaaaa-2/,
    ],
    [
      'a gap that miscounts',
      [...events(1, 2), { ...trimmed(3, 5, 2) }, ...events(6, 9)],
      'inexact',
      /^L5: .*\(2 events\)/,
    ],
    [
      'a false gap',
      [...events(1, 6), trimmed(7, 8), event(9)],
      'causeless',
      /^L6: .*7 to 8 are lost, but the log has dropped only up to 5/,
    ],
    [
      'a false gap whose events then arrive',
      [...events(1, 6), trimmed(7, 8), ...events(7, 9)],
      'causeless',
      /^L6: /,
    ],
    ['a false change of epoch', [...events(1, 6), epochGap(EPOCH, 6), ...events(7, 9)], 'causeless', /^L6: /],
    ['a false "ahead"', [...events(1, 6), ahead(6), ...events(7, 9)], 'causeless', /^L6: /],
    [
      'a missing gap',
      [...events(1, 2), ...events(6, 9)],
      'lost',
      /^L1: ann never received 3 of .*: 3, 4, 5\.$/,
    ],
    [
      'a reader that never reaches the top',
      events(1, 7),
      'stranded',
      /^L7: ann stopped at aaaaaaaaaa-7 and never reached aaaaaaaaaa-9/,
    ],
    [
      'a reader that reaches the top too late',
      [...events(1, 8), { ...event(9), atMs: 11_001 }],
      'stranded',
      /^L7: .*after 10001 ms/,
    ],
  ])('reports %s, and by its own rule only', (_name, entries, kind, sentence) => {
    const found = verdict(entries, { trimmedUpTo: new Map([[EPOCH, 5]]) })
    expect(found.map(violation => violation.kind)).toEqual([kind])
    expect(found[0]).toMatchObject({ rule: RULES[kind], reader: 'ann' })
    expect(found[0]?.sentence).toMatch(sentence)
  })

  it('does not require a reader that was closed to reach the top', () => {
    const left = { ...account('ann', events(1, 7)), left: true }
    expect(findViolations(ledger([left]))).toEqual([])
  })

  it('reports a change of epoch without a gap', () => {
    const top = { ...RECOVERY, top: `${NEXT}-1` }
    const found = verdict([...events(1, 9), event(1, NEXT)], { recovery: top })
    expect(found.map(({ rule, sentence }) => [rule, /without a gap/.test(sentence)])).toEqual([['L1', true]])
  })

  it('reports two readers who received different payloads for an event that was never acknowledged', () => {
    const unknown = { publications: [1, 2].map(n => ({ n, hash: `h${n}`, cursor: null })), recovery: null }
    const ann = account('ann', [{ ...event(1), n: 1, hash: 'h1' }])
    const bob = account('bob', [{ ...event(1), n: 2, hash: 'h2' }])
    expect(findViolations(ledger([ann, ann], unknown))).toEqual([])
    expect(findViolations(ledger([ann, bob], unknown)).map(({ rule, reader }) => [rule, reader])).toEqual([
      ['L4', 'bob'],
    ])
  })

  it('reports a gap of a new epoch that skips events which the log still has', () => {
    const entries = [...events(1, 9), epochGap(NEXT, 1)]
    const found = findViolations(ledger([account('ann', entries)], { recovery: null }))
    expect(found.map(({ rule }) => rule)).toEqual(['L5'])
  })

  it('finds nothing in any interleaving of replay, live, gaps and new epochs', () => {
    fc.assert(
      fc.property(ledgers, clean => {
        expect(findViolations(clean)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('reports any single mistake, whatever else happened', () => {
    let checked = 0
    fc.assert(
      fc.property(ledgers, fc.constantFrom(...MUTATIONS), fc.nat(), (clean, [kind, mutate], pick) => {
        const mutated = mutate(clean, pick)
        if (mutated === null) return
        checked += 1
        expect(findViolations(mutated).map(violation => violation.kind)).toContain(kind)
      }),
      { numRuns: 1000 },
    )
    expect(checked).toBeGreaterThan(300)
  })
})

// ------------------------------------------------------------------------------------- one account by hand

function verdict(entries: readonly Entry[], differences: Partial<Ledger> = {}) {
  return findViolations(ledger([account('ann', entries)], differences))
}

function ledger(readers: readonly ReaderAccount[], differences: Partial<Ledger> = {}): Ledger {
  const acknowledged = Array.from({ length: 9 }, (_, index) => ({
    n: index + 1,
    hash: `h${index + 1}`,
    cursor: `${EPOCH}-${index + 1}`,
  }))
  return {
    publications: [...acknowledged, { n: 101, hash: 'h101', cursor: `${NEXT}-1` }],
    trimmedUpTo: new Map(),
    readers,
    recovery: { ...RECOVERY, top: `${EPOCH}-9` },
    ...differences,
  }
}

function account(name: string, entries: readonly Entry[]): ReaderAccount {
  return { name, from: `${EPOCH}-0`, entries, left: false }
}

function event(seq: number, epoch = EPOCH): EventEntry {
  const n = epoch === EPOCH ? seq : seq + 100
  return {
    kind: 'event',
    connection: 1 + Math.floor(seq / 4),
    cursor: `${epoch}-${seq}`,
    n,
    hash: `h${n}`,
    atMs: seq,
  }
}

function events(first: number, last: number): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, index) => event(first + index))
}

function without(seq: number): Entry[] {
  return events(1, 9).filter(entry => entry.cursor !== `${EPOCH}-${seq}`)
}

function trimmed(from: number, to: number, lost = to - from + 1): Entry {
  const gap = { reason: 'trimmed', from, to, lost } as const
  return { kind: 'gap', connection: 1, cursor: `${EPOCH}-${to}`, gap, atMs: to }
}

function epochGap(epoch = NEXT, seq = 0): Entry {
  return {
    kind: 'gap',
    connection: 3,
    cursor: `${epoch}-${seq}`,
    gap: { reason: 'epoch', lost: null },
    atMs: 20,
  }
}

function ahead(seq: number): Entry {
  return {
    kind: 'gap',
    connection: 3,
    cursor: `${EPOCH}-${seq}`,
    gap: { reason: 'ahead', lost: null },
    atMs: 20,
  }
}

// ------------------------------------------------------------------------------------------- generated ledgers

/** Two epochs of a log with a window, and readers that join anywhere and fall behind at any time. */
const ledgers: fc.Arbitrary<Ledger> = fc
  .record({
    tops: fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })),
    trimmed: fc.tuple(fc.nat(15), fc.nat(5)),
    readers: fc.array(fc.record({ start: fc.nat(20), moves: fc.array(fc.nat(9), { maxLength: 60 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(({ tops, trimmed, readers }) => {
    const trims = new Map([
      [EPOCH, Math.min(trimmed[0], tops[0])],
      [NEXT, Math.min(trimmed[1], tops[1])],
    ])
    const publications = [EPOCH, NEXT].flatMap((epoch, index) =>
      Array.from({ length: tops[index] ?? 0 }, (_, at) => {
        const { n, hash, cursor } = event(at + 1, epoch)
        return { n, hash, cursor }
      }),
    )
    const recovery = { ...RECOVERY, top: `${NEXT}-${tops[1]}` }
    const accounts = readers.map(({ start, moves }, index) => ({
      name: `reader ${index + 1}`,
      from: `${EPOCH}-${Math.min(start, tops[0])}`,
      left: false,
      entries: walk(Math.min(start, tops[0]), moves, tops, trims),
    }))
    return { publications, trimmedUpTo: trims, readers: accounts, recovery }
  })

/** A correct run through both epochs. A move of 9 leaves the epoch; one of 8 falls out of its window if it can. */
function walk(
  start: number,
  moves: readonly number[],
  tops: readonly number[],
  trims: ReadonlyMap<string, number>,
) {
  const entries: Entry[] = []
  let seq = start
  let epoch = EPOCH
  const rest = [...moves]
  for (let move = rest.shift() ?? 0; ; move = rest.shift() ?? 0) {
    const dropped = trims.get(epoch) ?? 0
    if (epoch === EPOCH && (move === 9 || seq === tops[0])) {
      const oldest = Math.min(trims.get(NEXT) ?? 0, move)
      entries.push({ ...epochGap(NEXT, oldest), atMs: entries.length })
      epoch = NEXT
      seq = oldest
    } else if (epoch === NEXT && seq === tops[1]) return entries
    else if (move === 8 && dropped > seq) {
      const gap = { reason: 'trimmed', from: seq + 1, to: dropped, lost: dropped - seq } as const
      entries.push({ kind: 'gap', connection: 1, cursor: `${epoch}-${dropped}`, gap, atMs: entries.length })
      seq = dropped
    } else {
      seq += 1
      entries.push({ ...event(seq, epoch), atMs: entries.length })
    }
  }
}

type Mutation = (clean: Ledger, pick: number) => Ledger | null

/** One mistake, and the kind as which it must be reported; `null` where a ledger has no room for it. */
const MUTATIONS: readonly (readonly [ViolationKind, Mutation])[] = [
  ['lost', rewriting((entry, next) => (isEvent(entry) && isEvent(next) ? [next] : null))],
  ['lost', rewriting((entry, next) => (isTrimmed(entry) && isEvent(next) ? [next] : null))],
  ['lost', rewriting((entry, next) => (isEpoch(entry) && isEvent(next) ? [next] : null))],
  ['repeated', rewriting((entry, next) => (isEvent(entry) && next ? [entry, next, entry] : null))],
  ['disordered', rewriting((entry, next) => (isEvent(entry) && isEvent(next) ? [next, entry] : null))],
  [
    'forged',
    rewriting((entry, next) => (isEvent(entry) && next ? [{ ...entry, hash: 'evil' }, next] : null)),
  ],
  [
    'contradicted',
    rewriting((entry, next) =>
      isEvent(entry) && isEvent(next) ? [{ ...entry, n: next.n, hash: next.hash }, next] : null,
    ),
  ],
  [
    'inexact',
    rewriting((entry, next) =>
      isTrimmed(entry) && next ? [{ ...entry, gap: { ...entry.gap, lost: entry.gap.lost + 1 } }, next] : null,
    ),
  ],
  [
    'causeless',
    rewriting((entry, next) => (isEvent(entry) && next ? [entry, sameEpoch(entry), next] : null)),
  ],
  ['stranded', rewriting((entry, next, last) => (isEvent(next) && last ? [entry] : null))],
]

/** Rewrites two neighbouring entries of one account: the first pair, from the picked one on, that `rewrite` accepts. */
function rewriting(
  rewrite: (entry: Entry, next: Entry | undefined, last: boolean) => readonly Entry[] | null,
): Mutation {
  return (clean, pick) => {
    const [reader, ...others] = clean.readers
    if (reader === undefined) return null
    const { entries } = reader
    for (let step = 0; step < entries.length; step += 1) {
      const at = (pick + step) % entries.length
      const entry = entries[at]
      const pair = entry && rewrite(entry, entries[at + 1], at + 2 === entries.length)
      if (pair)
        return {
          ...clean,
          readers: [
            { ...reader, entries: [...entries.slice(0, at), ...pair, ...entries.slice(at + 2)] },
            ...others,
          ],
        }
    }
    return null
  }
}

function isEvent(entry: Entry | undefined): entry is EventEntry {
  return entry?.kind === 'event'
}

function isTrimmed(
  entry: Entry,
): entry is Entry & { gap: { reason: 'trimmed'; from: number; to: number; lost: number } } {
  return entry.kind === 'gap' && entry.gap.reason === 'trimmed'
}

function isEpoch(entry: Entry): boolean {
  return entry.kind === 'gap' && entry.gap.reason === 'epoch'
}

function sameEpoch(entry: Entry): Entry {
  return {
    kind: 'gap',
    connection: 1,
    cursor: entry.cursor,
    gap: { reason: 'epoch', lost: null },
    atMs: entry.atMs,
  }
}
