import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Fault, judge, type Ledger, type Note, RULES, type SubscriberPage } from './ledger.ts'

const EPOCH = 'aaaaaaaaaa'
const NEXT = 'bbbbbbbbbb'
const HEALED = { atMs: 1000, withinMs: 10_000 }

describe('the ledger', () => {
  it('finds nothing where every event came once, in order, by several connections', () => {
    expect(verdict(events(1, 9))).toEqual([])
  })

  it('finds nothing where what was trimmed was declared, and so was the new epoch', () => {
    const notes = [...events(1, 2), trimmed(3, 5), ...events(6, 9), epochGap(), event(1, NEXT)]
    const top = { ...HEALED, top: `${NEXT}-1` }
    expect(verdict(notes, { trimmedUpTo: new Map([[EPOCH, 5]]), healed: top })).toEqual([])
  })

  it.each<[string, Note[], Fault, RegExp]>([
    ['one dropped', without(4), 'lost', /^L1: ann never got 1 of aaaaaaaaaa-1 to 9: 4\.$/],
    [
      'one repeated',
      [...events(1, 4), ...events(4, 9)],
      'repeated',
      /^L1: ann was handed aaaaaaaaaa-4 again/,
    ],
    [
      'two swapped',
      [...events(1, 3), event(5), event(4), ...events(6, 9)],
      'disordered',
      /^L2: .*-4 after .*-5/,
    ],
    [
      'one forged',
      [...events(1, 3), { ...event(4), hash: 'evil' }, ...events(5, 9)],
      'forged',
      /^L3: .*4 \(evil\) at .*-4/,
    ],
    [
      'one forged at a place of its own',
      [...events(1, 9), { ...event(10), hash: 'evil' }],
      'forged',
      /^L3: .*10 \(evil\)/,
    ],
    [
      "one with another's payload",
      [...events(1, 3), { ...event(4), n: 7, hash: 'h7' }, ...events(5, 9)],
      'contradicted',
      /^L4: .*7 \(h7\) at aaaaaaaaaa-4, where 4 \(h4\) is/,
    ],
    [
      'a gap that says too much',
      [...events(1, 2), trimmed(3, 6), ...events(7, 9)],
      'inexact',
      /^L5: .*3 to 6 are lost, but only up to 5/,
    ],
    [
      'a gap that reaches back',
      [...events(1, 2), trimmed(2, 5), ...events(6, 9)],
      'inexact',
      /^L5: .*at aaaaaaaaaa-2/,
    ],
    [
      'a gap that miscounts',
      [...events(1, 2), { ...trimmed(3, 5, 2) }, ...events(6, 9)],
      'inexact',
      /^L5: .*\(2\)/,
    ],
    [
      'a false gap',
      [...events(1, 6), trimmed(7, 8), event(9)],
      'causeless',
      /^L6: .*7 to 8 are lost, but only up to 5/,
    ],
    [
      'a false gap whose events come',
      [...events(1, 6), trimmed(7, 8), ...events(7, 9)],
      'causeless',
      /^L6: /,
    ],
    ['a false change of epoch', [...events(1, 6), epochGap(EPOCH, 6), ...events(7, 9)], 'causeless', /^L6: /],
    ['a false "ahead"', [...events(1, 6), ahead(6), ...events(7, 9)], 'causeless', /^L6: /],
    ['a missing gap', [...events(1, 2), ...events(6, 9)], 'lost', /^L1: ann never got 3 of .*: 3, 4, 5\.$/],
    [
      'one that never comes to the top',
      events(1, 7),
      'stranded',
      /^L7: ann stands at aaaaaaaaaa-7 and never came to aaaaaaaaaa-9/,
    ],
    [
      'one that comes to the top too late',
      [...events(1, 8), { ...event(9), atMs: 11_001 }],
      'stranded',
      /^L7: .*after 10001 ms/,
    ],
  ])('catches %s, by the rule for it alone', (_name, notes, fault, sentence) => {
    const found = verdict(notes, { trimmedUpTo: new Map([[EPOCH, 5]]) })
    expect(found.map(violation => violation.fault)).toEqual([fault])
    expect(found[0]).toMatchObject({ rule: RULES[fault], subscriber: 'ann' })
    expect(found[0]?.sentence).toMatch(sentence)
  })

  it('lets whoever went home stand where it stood', () => {
    const left = { ...page('ann', events(1, 7)), left: true }
    expect(judge(ledger([left]))).toEqual([])
  })

  it('catches a change of epoch that nobody declared', () => {
    const top = { ...HEALED, top: `${NEXT}-1` }
    const found = verdict([...events(1, 9), event(1, NEXT)], { healed: top })
    expect(found.map(({ rule, sentence }) => [rule, /without a gap/.test(sentence)])).toEqual([['L1', true]])
  })

  it('catches two subscribers who were handed two payloads for an event that nobody acknowledged', () => {
    const unknown = { publications: [1, 2].map(n => ({ n, hash: `h${n}`, cursor: null })), healed: null }
    const ann = page('ann', [{ ...event(1), n: 1, hash: 'h1' }])
    const bob = page('bob', [{ ...event(1), n: 2, hash: 'h2' }])
    expect(judge(ledger([ann, ann], unknown))).toEqual([])
    expect(judge(ledger([ann, bob], unknown)).map(({ rule, subscriber }) => [rule, subscriber])).toEqual([
      ['L4', 'bob'],
    ])
  })

  it('catches a new epoch that leaves out what it still has', () => {
    const notes = [...events(1, 9), epochGap(NEXT, 1)]
    const found = judge(ledger([page('ann', notes)], { healed: null }))
    expect(found.map(({ rule }) => rule)).toEqual(['L5'])
  })

  it('finds nothing in any interleaving of replay, live, gaps and new epochs', () => {
    fc.assert(
      fc.property(world, clean => {
        expect(judge(clean)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('catches any one thing that goes wrong, whatever else happened', () => {
    let caught = 0
    fc.assert(
      fc.property(world, fc.constantFrom(...MUTATIONS), fc.nat(), (clean, [fault, mutate], pick) => {
        const spoilt = mutate(clean, pick)
        if (spoilt === null) return
        caught += 1
        expect(judge(spoilt).map(violation => violation.fault)).toContain(fault)
      }),
      { numRuns: 1000 },
    )
    expect(caught).toBeGreaterThan(300)
  })
})

// ------------------------------------------------------------------------------------- one page by hand

function verdict(notes: readonly Note[], differences: Partial<Ledger> = {}) {
  return judge(ledger([page('ann', notes)], differences))
}

function ledger(subscribers: readonly SubscriberPage[], differences: Partial<Ledger> = {}): Ledger {
  const acknowledged = Array.from({ length: 9 }, (_, index) => ({
    n: index + 1,
    hash: `h${index + 1}`,
    cursor: `${EPOCH}-${index + 1}`,
  }))
  return {
    publications: [...acknowledged, { n: 101, hash: 'h101', cursor: `${NEXT}-1` }],
    trimmedUpTo: new Map(),
    subscribers,
    healed: { ...HEALED, top: `${EPOCH}-9` },
    ...differences,
  }
}

function page(name: string, notes: readonly Note[]): SubscriberPage {
  return { name, from: `${EPOCH}-0`, notes, left: false }
}

function event(seq: number, epoch = EPOCH): Extract<Note, { kind: 'event' }> {
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

function events(first: number, last: number): Note[] {
  return Array.from({ length: last - first + 1 }, (_, index) => event(first + index))
}

function without(seq: number): Note[] {
  return events(1, 9).filter(note => note.cursor !== `${EPOCH}-${seq}`)
}

function trimmed(from: number, to: number, lost = to - from + 1): Note {
  const gap = { reason: 'trimmed', from, to, lost } as const
  return { kind: 'gap', connection: 1, cursor: `${EPOCH}-${to}`, gap, atMs: to }
}

function epochGap(epoch = NEXT, seq = 0): Note {
  return {
    kind: 'gap',
    connection: 3,
    cursor: `${epoch}-${seq}`,
    gap: { reason: 'epoch', lost: null },
    atMs: 20,
  }
}

function ahead(seq: number): Note {
  return {
    kind: 'gap',
    connection: 3,
    cursor: `${EPOCH}-${seq}`,
    gap: { reason: 'ahead', lost: null },
    atMs: 20,
  }
}

// ------------------------------------------------------------------------------------------- any world

/** Two epochs of a log with a window, and subscribers who came when they liked and fell behind as they did. */
const world: fc.Arbitrary<Ledger> = fc
  .record({
    tops: fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })),
    trimmed: fc.tuple(fc.nat(15), fc.nat(5)),
    subscribers: fc.array(fc.record({ start: fc.nat(20), moves: fc.array(fc.nat(9), { maxLength: 60 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(({ tops, trimmed, subscribers }) => {
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
    const healed = { ...HEALED, top: `${NEXT}-${tops[1]}` }
    const pages = subscribers.map(({ start, moves }, index) => ({
      name: `reader ${index + 1}`,
      from: `${EPOCH}-${Math.min(start, tops[0])}`,
      left: false,
      notes: walk(Math.min(start, tops[0]), moves, tops, trims),
    }))
    return { publications, trimmedUpTo: trims, subscribers: pages, healed }
  })

/** One honest way through both epochs. A move of 9 leaves the epoch, one of 8 falls out of its window where it can. */
function walk(
  start: number,
  moves: readonly number[],
  tops: readonly number[],
  trims: ReadonlyMap<string, number>,
) {
  const notes: Note[] = []
  let place = start
  let epoch = EPOCH
  const rest = [...moves]
  for (let move = rest.shift() ?? 0; ; move = rest.shift() ?? 0) {
    const kept = trims.get(epoch) ?? 0
    if (epoch === EPOCH && (move === 9 || place === tops[0])) {
      const oldest = Math.min(trims.get(NEXT) ?? 0, move)
      notes.push({ ...epochGap(NEXT, oldest), atMs: notes.length })
      epoch = NEXT
      place = oldest
    } else if (epoch === NEXT && place === tops[1]) return notes
    else if (move === 8 && kept > place) {
      const gap = { reason: 'trimmed', from: place + 1, to: kept, lost: kept - place } as const
      notes.push({ kind: 'gap', connection: 1, cursor: `${epoch}-${kept}`, gap, atMs: notes.length })
      place = kept
    } else {
      place += 1
      notes.push({ ...event(place, epoch), atMs: notes.length })
    }
  }
}

type Mutation = (clean: Ledger, pick: number) => Ledger | null

/** One thing that goes wrong, and how it must be called; `null` where a world has no room for it. */
const MUTATIONS: readonly (readonly [Fault, Mutation])[] = [
  ['lost', rewriting((note, next) => (isEvent(note) && isEvent(next) ? [next] : null))],
  ['lost', rewriting((note, next) => (isTrimmed(note) && isEvent(next) ? [next] : null))],
  ['lost', rewriting((note, next) => (isEpoch(note) && isEvent(next) ? [next] : null))],
  ['repeated', rewriting((note, next) => (isEvent(note) && next ? [note, next, note] : null))],
  ['disordered', rewriting((note, next) => (isEvent(note) && isEvent(next) ? [next, note] : null))],
  ['forged', rewriting((note, next) => (isEvent(note) && next ? [{ ...note, hash: 'evil' }, next] : null))],
  [
    'contradicted',
    rewriting((note, next) =>
      isEvent(note) && isEvent(next) ? [{ ...note, n: next.n, hash: next.hash }, next] : null,
    ),
  ],
  [
    'inexact',
    rewriting((note, next) =>
      isTrimmed(note) && next ? [{ ...note, gap: { ...note.gap, lost: note.gap.lost + 1 } }, next] : null,
    ),
  ],
  ['causeless', rewriting((note, next) => (isEvent(note) && next ? [note, sameEpoch(note), next] : null))],
  ['stranded', rewriting((note, next, last) => (isEvent(next) && last ? [note] : null))],
]

/** Rewrites one pair of neighbours in one page: the first from the picked one on that the rewriting has a use for. */
function rewriting(
  rewrite: (note: Note, next: Note | undefined, last: boolean) => readonly Note[] | null,
): Mutation {
  return (clean, pick) => {
    const [subscriber, ...others] = clean.subscribers
    if (subscriber === undefined) return null
    const { notes } = subscriber
    for (let step = 0; step < notes.length; step += 1) {
      const at = (pick + step) % notes.length
      const note = notes[at]
      const pair = note && rewrite(note, notes[at + 1], at + 2 === notes.length)
      if (pair)
        return {
          ...clean,
          subscribers: [
            { ...subscriber, notes: [...notes.slice(0, at), ...pair, ...notes.slice(at + 2)] },
            ...others,
          ],
        }
    }
    return null
  }
}

function isEvent(note: Note | undefined): note is Extract<Note, { kind: 'event' }> {
  return note?.kind === 'event'
}

function isTrimmed(
  note: Note,
): note is Note & { gap: { reason: 'trimmed'; from: number; to: number; lost: number } } {
  return note.kind === 'gap' && note.gap.reason === 'trimmed'
}

function isEpoch(note: Note): boolean {
  return note.kind === 'gap' && note.gap.reason === 'epoch'
}

function sameEpoch(note: Note): Note {
  return {
    kind: 'gap',
    connection: 1,
    cursor: note.cursor,
    gap: { reason: 'epoch', lost: null },
    atMs: note.atMs,
  }
}
