import {
  asksAtIntervals,
  isHeld,
  isStream,
  type Technique,
  traitsOf,
} from '../../../server/protocol/techniques.ts'

/** A row of "Faults to survive": what the fault tests specify. */
export interface FaultRow {
  readonly id: string
  /** As in the specification; a row that is tested in two ways has two entries. */
  readonly number: number
  readonly title: string
  readonly how: string
  /** What must hold; a function where that depends on the technique's traits. */
  readonly holds: string | ((technique: Technique) => string)
  /** Tested once with all techniques together, and why. */
  readonly together?: string
  /** Nothing else may run at the same time, because the test watches the whole process or keeps it busy. */
  readonly alone?: true
}

const CLEAN = 'it resumes, and the ledger is clean'
const FIRST_EVENT = 'the first event arrives within 500 ms'
const NEWCOMERS = 'connected readers are unaffected, and new ones are served again when connections are freed'

export const FAULTS = [
  {
    id: 'reset',
    number: 1,
    title: 'connections are reset in the middle of a response, many times',
    how: 'link: resetAfterBytes',
    holds: CLEAN,
  },
  {
    id: 'cut',
    number: 2,
    title: 'the response is cut after N bytes, N from 1 to 4096',
    how: 'link: cutAfterBytes',
    holds: 'the application never receives half an event',
  },
  {
    id: 'slices',
    number: 3,
    title: 'everything arrives in slices of one byte',
    how: 'link: sliceBytes',
    holds: 'payloads are byte-equal, multi-byte characters and line ends included',
  },
  {
    id: 'black-hole',
    number: 4,
    title: 'the link swallows everything without an error, then works again',
    how: 'link: blackhole',
    holds: 'the reader notices within 35 s, and the server closes the dead connections',
  },
  {
    id: 'stopped-reader',
    number: 5,
    title: 'the reader process is stopped while events of 16 KiB are published, then continued',
    how: 'SIGSTOP and SIGCONT to a process that reads',
    holds: 'it resumes or is told of a gap, and the server holds no more memory meanwhile',
  },
  {
    id: 'slow-reader',
    number: 6,
    title: 'one reader takes 1 KB/s while 200 events of 16 KiB are published per second',
    how: 'link: bytesPerSecond',
    holds: technique =>
      isStream(technique)
        ? 'at most 64 KiB are held for it, it is cut in time, and no other reader waits'
        : 'at most one batch is held for it, and no other reader waits',
    alone: true,
  },
  {
    id: 'killed-server',
    number: 7,
    title: 'the server is killed and started again under 50 readers',
    how: 'SIGKILL',
    holds: 'each reader is told of exactly one gap, the new epoch, and goes on',
  },
  {
    id: 'terminated-server',
    number: 8,
    title: 'the server is told to end under load',
    how: 'SIGTERM',
    holds: 'it drains within 5 s and exits with 0, and no reader takes that as final',
  },
  {
    id: 'stopped-server',
    number: 9,
    title: 'the server is stopped for 20 s',
    how: 'SIGSTOP and SIGCONT',
    holds: 'everything arrives late but complete, in the same epoch, and no reader is cut when it continues',
  },
  {
    id: 'herd',
    number: 10,
    title: 'all of 2,000 readers (100 in the short run) are cut at once',
    how: 'API: kill',
    holds: technique =>
      asksAtIntervals(technique)
        ? 'all are back within 30 s'
        : 'they come back spread over the jitter window, all within 30 s',
    alone: true,
  },
  {
    id: 'buffering-link',
    number: 11,
    title: 'a proxy buffers, but honours X-Accel-Buffering',
    how: 'link: buffer',
    holds: FIRST_EVENT,
    alone: true,
  },
  {
    id: 'nginx',
    number: 11,
    title: 'a real nginx is in front of the server',
    how: 'server/nginx.conf',
    holds: technique =>
      isHttpStream(technique)
        ? `${FIRST_EVENT}, with nginx's default buffering as well; without the header it is late, not lost`
        : FIRST_EVENT,
    alone: true,
  },
  {
    id: 'idle-proxy',
    number: 12,
    title: 'a proxy cuts connections that are idle for 20 s, and there are no events',
    how: 'link: idleTimeoutMs',
    holds: technique => {
      if (isStream(technique)) return 'heartbeats keep the stream alive'
      return isHeld(technique)
        ? 'the held request is cut and sent again, and nothing is lost'
        : 'nothing is lost'
    },
  },
  {
    id: 'refusing-proxy',
    number: 13,
    title: 'a proxy answers 502, then 503, for 10 s',
    how: 'link: refuseStatus',
    holds: technique =>
      traitsOf(technique).reconnectsByItself
        ? 'the platform gives up for good, and the reader is back within 15 s with a new connection'
        : 'it is back within 15 s',
  },
  {
    id: 'joining',
    number: 14,
    title: 'readers join while events are published, in 250 interleavings',
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
    title: 'the clocks of both sides jump an hour ahead and back',
    how: 'injected clocks',
    holds: 'the order is unaffected, and no reader times out',
  },
  {
    id: 'four-pages',
    number: 17,
    title: 'four pages are open in one browser over HTTP/1.1',
    how: 'Chromium',
    holds: 'the fourth loads within 3 s, takes over, and all of its lanes receive',
    together: 'every page has the lanes of all techniques at once',
    alone: true,
  },
  {
    id: 'churn',
    number: 18,
    title: 'readers connect and abort, 10,000 times (2,500 in the short run)',
    how: 'raw sockets, ended and reset at any moment',
    holds: 'sockets, readers, waiters and timers are back to the baseline exactly, and the heap within 1 MB',
  },
  {
    id: 'descriptors',
    number: 19,
    title: 'the server runs out of file descriptors',
    how: 'ulimit -n',
    holds: NEWCOMERS,
  },
  {
    id: 'connection-cap',
    number: 19,
    title: 'the server has as many connections as it accepts',
    how: 'limits of the policy',
    holds: NEWCOMERS,
  },
  {
    id: 'blocked-loop',
    number: 20,
    title: "the server's event loop is blocked for 3 s",
    how: 'a probe in the process',
    holds: 'everything arrives late, and no reader is cut',
  },
] as const satisfies readonly FaultRow[]

export type FaultId = (typeof FAULTS)[number]['id']

/** A response that a proxy may hold back, because it does not end. */
export function isHttpStream(technique: Technique): boolean {
  return isStream(technique) && !traitsOf(technique).upgrades
}
