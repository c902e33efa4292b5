/**
 * A reader that does not read cannot see that the server has closed its connection. The kernel's table of sockets shows
 * it: the server's end is gone from the table, or belongs to no process any more.
 */
import { readFileSync } from 'node:fs'
import type { Member } from './member.ts'

/** When the server closed readers that had stopped reading. */
export interface StalledReport {
  /** Milliseconds from stopped reading to found closed, for each that the server closed; `null` except on Linux. */
  readonly closedAfterMs: readonly number[] | null
}

export interface StalledWatch {
  /** `member` has just stopped reading. */
  add(member: Member): void
  report(): StalledReport
  /** Ends the checks; what was found stays. */
  end(): void
}

const TABLE = '/proc/net/tcp'
/** Rarely: the load process does it, and on a busy host the table has thousands of lines. */
const CHECK_MS = 500
/** The table is not a snapshot: a line can be missing from one reading while others come and go. */
const MISSES_TO_BE_SURE = 2

interface Watched {
  readonly member: Member
  readonly stalledAtMs: number
  misses: number
  missedAtMs: number
}

/** Watches connections to `port` of this host. */
export function createStalledWatch(port: number): StalledWatch {
  const closedAfterMs: number[] = []
  let watched: Watched[] = []
  let timer: NodeJS.Timeout | null = null
  let unreadable = false

  return { add, report, end }

  function add(member: Member): void {
    watched.push({ member, stalledAtMs: performance.now(), misses: 0, missedAtMs: 0 })
    timer ??= setInterval(check, CHECK_MS)
  }

  function report(): StalledReport {
    return { closedAfterMs: unreadable ? null : [...closedAfterMs] }
  }

  function end(): void {
    if (timer !== null) clearInterval(timer)
    timer = null
    watched = []
  }

  function check(): void {
    const ends = readEndsHeld(port)
    unreadable = ends === null
    const nowMs = performance.now()
    if (ends === null) end()
    else watched = watched.filter(entry => !isClosed(entry, ends, nowMs))
  }

  function isClosed(entry: Watched, ends: ReadonlySet<string>, nowMs: number): boolean {
    const { localEnd } = entry.member
    if (localEnd !== null && ends.has(formatEnd(localEnd))) {
      entry.misses = 0
      return false
    }
    if (entry.misses === 0) entry.missedAtMs = nowMs
    entry.misses++
    if (entry.misses < MISSES_TO_BE_SURE) return false
    closedAfterMs.push(entry.missedAtMs - entry.stalledAtMs)
    return true
  }
}

const ESTABLISHED = '01'

/** The far ends of connections to `port` that a process of this host still holds (proc(5)); `null`: no table. */
function readEndsHeld(port: number): ReadonlySet<string> | null {
  const ends = new Set<string>()
  const local = `:${formatPort(port)}`
  let table: string
  try {
    table = readFileSync(TABLE, 'utf8')
  } catch {
    return null
  }
  for (const line of table.split('\n')) {
    if (!line.includes(local)) continue
    const [, own = '', far = '', state, , , , , , inode] = line.trim().split(/\s+/)
    if (own.endsWith(local) && state === ESTABLISHED && inode !== '0') ends.add(far)
  }
  return ends
}

/** As the kernel writes it: the address as a number in the host's byte order, then the port, both hexadecimal. */
function formatEnd({ address, port }: { readonly address: string; readonly port: number }): string {
  const bytes = address.split('.').map(Number).reverse()
  return `${bytes.map(byte => hex(byte, 2)).join('')}:${formatPort(port)}`
}

function formatPort(port: number): string {
  return hex(port, 4)
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}
