/**
 * Questions and answers between the bench and its child processes, over Node's IPC channel. Several parties may
 * listen in one process (the probe beside a floor), so a command that a party does not know is left to the others.
 */
import type { ChildProcess } from 'node:child_process'

/** What a party answers to: a name, what it is given, what it gives back. */
export type Commands = Readonly<Record<string, (given: never) => unknown>>

export type Given<C extends Commands, N extends keyof C> = Parameters<C[N]>[0]
export type Answer<C extends Commands, N extends keyof C> = Awaited<ReturnType<C[N]>>

interface Question {
  readonly id: number
  readonly command: string
  readonly given: unknown
}
/** A party's first words: what it answers to. Asked before it listens, it would never hear the question. */
interface Announcement {
  readonly answersTo: readonly string[]
}
type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }

/** In the child: answers, and ends the process when the bench is gone, however it went. */
export function answerBench(commands: Commands): void {
  process.on('message', async (question: Question) => {
    const command = commands[question.command] as ((given: unknown) => unknown) | undefined
    if (command === undefined) return
    try {
      process.send?.({ id: question.id, value: await command(question.given) } satisfies Reply)
    } catch (error) {
      process.send?.({ id: question.id, error: (error as Error).message } satisfies Reply)
    }
  })
  process.once('disconnect', () => process.exit())
  process.send?.({ answersTo: Object.keys(commands) } satisfies Announcement)
}

export type Ask<C extends Commands> = <N extends keyof C & string>(
  command: N,
  given: Given<C, N>,
) => Promise<Answer<C, N>>

/** In the bench: asks a child. Rejects when the child reports an error, ends, or says nothing for `deadlineMs`. */
export function createAsk<C extends Commands>(child: ChildProcess, name: string, deadlineMs: number): Ask<C> {
  const waiting = new Map<number, Waiting>()
  const announced = new Set<string>()
  let unsent: Question[] = []
  let lastId = 0

  child.on('message', (message: Announcement | Reply) => {
    if ('answersTo' in message) listenedTo(message.answersTo)
    else settle(message)
  })
  child.once('exit', (code, signal) => {
    const error = `${name} ended (${signal ?? `exit code ${code}`})`
    for (const id of [...waiting.keys()]) settle({ id, error })
  })

  return (command, given) =>
    new Promise((resolve, reject) => {
      const id = ++lastId
      const overdue = () => settle({ id, error: `no answer to "${command}" within ${deadlineMs / 1000} s` })
      waiting.set(id, { resolve, reject, deadline: setTimeout(overdue, deadlineMs) })
      const question = { id, command, given }
      if (announced.has(command)) send(question)
      else unsent.push(question)
    })

  function listenedTo(commands: readonly string[]): void {
    for (const command of commands) announced.add(command)
    const now = unsent.filter(({ command }) => announced.has(command))
    unsent = unsent.filter(({ command }) => !announced.has(command))
    for (const question of now) send(question)
  }

  function send(question: Question): void {
    child.send(question, error => {
      if (error) settle({ id: question.id, error: error.message })
    })
  }

  function settle(reply: Reply): void {
    const question = waiting.get(reply.id)
    if (question === undefined) return
    waiting.delete(reply.id)
    clearTimeout(question.deadline)
    if ('error' in reply) question.reject(new Error(`${name}: ${reply.error}`))
    else question.resolve(reply.value as never)
  }
}

interface Waiting {
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
  readonly deadline: NodeJS.Timeout
}
