/**
 * Calls from the bench to its child processes, over Node's IPC channel. Several parties may answer in one process (the
 * probe beside a floor): each announces its commands, and a call waits in the bench until its command is announced.
 *
 * The small RPC libraries know one party per channel and send at once: a call that is sent before its party listens is
 * lost.
 */
import type { ChildProcess } from 'node:child_process'

/** What a party answers to, by name. What is given and answered crosses as JSON. */
export type Commands = Readonly<Record<string, (...given: never[]) => unknown>>

export type Given<C extends Commands, N extends keyof C> = Parameters<C[N]>
export type Answer<C extends Commands, N extends keyof C> = Awaited<ReturnType<C[N]>>

export type Call<C extends Commands> = <N extends keyof C & string>(
  command: N,
  ...given: Given<C, N>
) => Promise<Answer<C, N>>

interface CallMessage {
  readonly id: number
  readonly command: string
  readonly given: readonly unknown[]
}
interface Announcement {
  readonly answersTo: readonly string[]
}
type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }

/** In the child: answers the calls of one party, and ends the process when the bench is gone. */
export function answerCalls(commands: Commands): void {
  process.on('message', async ({ id, command, given }: CallMessage) => {
    const run = commands[command] as ((...given: readonly unknown[]) => unknown) | undefined
    if (run === undefined) return
    try {
      process.send?.({ id, value: await run(...given) } satisfies Reply)
    } catch (error) {
      process.send?.({ id, error: (error as Error).message } satisfies Reply)
    }
  })
  process.once('disconnect', () => process.exit())
  process.send?.({ answersTo: Object.keys(commands) } satisfies Announcement)
}

/**
 * In the bench: calls into `child`, which errors call `name`. A call rejects when the child reports an error, ends, or
 * does not answer within `deadlineMs`.
 */
export function createCaller<C extends Commands>(
  child: ChildProcess,
  name: string,
  deadlineMs: number,
): Call<C> {
  const pending = new Map<number, PendingCall>()
  const announced = new Set<string>()
  let unsent: CallMessage[] = []
  let lastId = 0

  child.on('message', (message: Announcement | Reply) => {
    if ('answersTo' in message) sendWaiting(message.answersTo)
    else settle(message)
  })
  child.once('exit', (code, signal) => {
    const error = `${name} ended (${signal ?? `exit code ${code}`})`
    for (const id of [...pending.keys()]) settle({ id, error })
  })

  return (command, ...given) =>
    new Promise((resolve, reject) => {
      const id = ++lastId
      const expire = () => settle({ id, error: `no answer to "${command}" within ${deadlineMs / 1000} s` })
      pending.set(id, { resolve, reject, deadline: setTimeout(expire, deadlineMs) })
      const message = { id, command, given }
      if (announced.has(command)) send(message)
      else unsent.push(message)
    })

  function sendWaiting(answersTo: readonly string[]): void {
    for (const command of answersTo) announced.add(command)
    const ready = unsent.filter(({ command }) => announced.has(command))
    unsent = unsent.filter(({ command }) => !announced.has(command))
    for (const message of ready) send(message)
  }

  function send(message: CallMessage): void {
    child.send(message, error => {
      if (error) settle({ id: message.id, error: error.message })
    })
  }

  function settle(reply: Reply): void {
    const call = pending.get(reply.id)
    if (call === undefined) return
    pending.delete(reply.id)
    clearTimeout(call.deadline)
    if ('error' in reply) call.reject(new Error(`${name}: ${reply.error}`))
    else call.resolve(reply.value as never)
  }
}

interface PendingCall {
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
  readonly deadline: NodeJS.Timeout
}
