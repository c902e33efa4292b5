import { type Command, CommanderError } from 'commander'

/** What a command has printed, and the code with which its process ends. */
export interface Output {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export const BAD_USAGE = 2

/**
 * Parses `args` into the command. Returns `null` to go on, or what to print where the command ends here: its help, or
 * what is wrong with `args` as one line.
 */
export function parseCommand(command: Command, args: readonly string[]): Output | null {
  let stdout = ''
  let stderr = ''
  command
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: text => {
        stdout += text
      },
      writeErr: text => {
        stderr += text
      },
    })
  try {
    command.parse(args, { from: 'user' })
    return null
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return { exitCode: error.exitCode === 0 ? 0 : BAD_USAGE, stdout, stderr: oneLine(stderr) }
  }
}

function oneLine(text: string): string {
  return text === '' ? '' : `${text.trim().replace(/\s*\n\s*/g, ' ')}\n`
}
