import type { Technique } from '../../../server/protocol/techniques.ts'

/** A row of "Faults to survive": the specification of the fault tests. */
export interface FaultRow {
  readonly id: string
  /** As in the specification; a row that is tried in two ways has two entries. */
  readonly number: number
  readonly title: string
  readonly how: string
  /** What must hold, in one sentence for each technique where they differ. */
  readonly holds: string | Readonly<Record<Technique, string>>
  /** Why some technique is left out. */
  readonly except?: Readonly<Partial<Record<Technique, string>>>
  /** One cell for all techniques together, and why. */
  readonly together?: string
  /** Nothing else may run meanwhile, because the whole process is looked at, or kept busy. */
  readonly alone?: true
}

const CLEAN = 'it resumes, and the ledger is clean'

export const FAULTS = [
  {
    id: 'reset',
    number: 1,
    title: 'a socket is reset in mid-response, again and again',
    how: 'link: resetAfterBytes',
    holds: CLEAN,
  },
  {
    id: 'cut',
    number: 2,
    title: 'the response is cut after N bytes, N from 1 to 4096',
    how: 'link: cutAfterBytes',
    holds: 'no half event ever reaches the application',
  },
  {
    id: 'slices',
    number: 3,
    title: 'everything comes in slices of one byte',
    how: 'link: sliceBytes',
    holds: 'payloads are byte-equal, multi-byte characters and line ends included',
  },
  {
    id: 'black-hole',
    number: 4,
    title: 'a black hole swallows everything without a word, then heals',
    how: 'link: blackhole',
    holds: "the reader notices within 35 s, and the server's connections return to what they were",
  },
  {
    id: 'stopped-reader',
    number: 5,
    title: 'the reader is stopped while 16 KiB events come, then continued',
    how: 'SIGSTOP and SIGCONT to a process that reads',
    holds: 'it resumes or is told of a gap, and the server holds no more memory meanwhile',
  },
  {
    id: 'slow-reader',
    number: 6,
    title: 'one reads 1 KB/s under 200 events/s of 16 KiB',
    how: 'link: bytesPerSecond',
    holds: {
      poll: 'one batch at most is held for it, and nobody else waits',
      'long-poll': 'one batch at most is held for it, and nobody else waits',
      sse: '64 KiB at most are held for it, it is cut in time, and nobody else waits',
      websocket: '64 KiB at most are held for it, it is cut in time, and nobody else waits',
    },
    alone: true,
  },
  {
    id: 'killed-server',
    number: 7,
    title: 'the server is killed and started again under 50 readers',
    how: 'SIGKILL',
    holds: 'each is told of exactly one gap, the new epoch, and goes on',
  },
  {
    id: 'terminated-server',
    number: 8,
    title: 'the server is told to end under load',
    how: 'SIGTERM',
    holds: 'it is drained within 5 s and exits with 0, and nobody takes it for final',
  },
  {
    id: 'stopped-server',
    number: 9,
    title: 'the server is stopped for 20 s',
    how: 'SIGSTOP and SIGCONT',
    holds: 'everything comes late but complete, in the same epoch, and nobody is cut on waking',
  },
  {
    id: 'herd',
    number: 10,
    title: 'all of 2,000 readers (100 in the short run) are cut at once',
    how: 'API: kill',
    holds: {
      poll: 'all are back within 30 s',
      'long-poll': 'they come back spread over the jitter window, all within 30 s',
      sse: 'they come back spread over the jitter window, all within 30 s',
      websocket: 'they come back spread over the jitter window, all within 30 s',
    },
    alone: true,
  },
  {
    id: 'buffering-link',
    number: 11,
    title: 'a proxy buffers, but honours X-Accel-Buffering',
    how: 'link: buffer',
    holds: 'the first event is there within 500 ms',
    alone: true,
  },
  {
    id: 'nginx',
    number: 11,
    title: 'a real nginx stands in front',
    how: 'server/nginx.conf',
    holds: {
      poll: 'the first event is there within 500 ms',
      'long-poll': 'the first event is there within 500 ms',
      sse: 'the first event is there within 500 ms, also with its default buffering; without the header it is late, not lost',
      websocket: 'the first event is there within 500 ms',
    },
    alone: true,
  },
  {
    id: 'idle-proxy',
    number: 12,
    title: 'a proxy cuts whoever is idle for 20 s, and there are no events',
    how: 'link: idleTimeoutMs',
    holds: {
      poll: 'nothing is lost',
      'long-poll': 'the held ask is cut and asked again, and nothing is lost',
      sse: 'heartbeats keep the stream alive',
      websocket: 'heartbeats keep the stream alive',
    },
  },
  {
    id: 'refusing-proxy',
    number: 13,
    title: 'a proxy answers 502, then 503, for 10 s',
    how: 'link: refuseStatus',
    holds: {
      poll: 'it is back within 15 s',
      'long-poll': 'it is back within 15 s',
      sse: 'the EventSource dies of it, and the reader revives it within 15 s',
      websocket: 'it is back within 15 s',
    },
  },
  {
    id: 'joining',
    number: 14,
    title: 'readers join while events are published, in 1,000 interleavings over all techniques',
    how: 'fast-check',
    holds: 'nothing is lost and nothing comes twice, from the very first event',
  },
  {
    id: 'trimming',
    number: 15,
    title: 'the log is trimmed while it is replayed',
    how: 'a window of 30 events and a fast publisher',
    holds: 'every gap is exact',
  },
  {
    id: 'clock-jump',
    number: 16,
    title: 'the clocks of both sides jump by an hour, forth and back',
    how: 'injected clocks',
    holds: 'the order is unaffected, and nobody times out',
  },
  {
    id: 'four-pages',
    number: 17,
    title: 'four pages are open in one browser over HTTP/1.1',
    how: 'Chromium',
    holds: 'the fourth loads within 3 s, takes over, and all four of its lanes receive',
    together: 'every page carries all four techniques at once',
    alone: true,
  },
  {
    id: 'churn',
    number: 18,
    title: 'readers connect and abort, 10,000 times over all techniques',
    how: 'raw sockets, ended and reset at any moment',
    holds: 'sockets, readers, waiters and timers are back to the baseline exactly, and the heap within 1 MB',
  },
  {
    id: 'descriptors',
    number: 19,
    title: 'the server runs out of file descriptors',
    how: 'ulimit -n',
    holds: 'whoever is connected is unaffected, and newcomers are served again once some are freed',
  },
  {
    id: 'connection-cap',
    number: 19,
    title: 'the server has as many connections as it takes',
    how: 'limits of the policy',
    holds: 'whoever is connected is unaffected, and newcomers are served again once some are freed',
  },
  {
    id: 'blocked-loop',
    number: 20,
    title: "the server's event loop is blocked for 3 s",
    how: 'a probe in the process',
    holds: 'everything comes late, and nobody is cut',
  },
] as const satisfies readonly FaultRow[]

export type FaultId = (typeof FAULTS)[number]['id']
