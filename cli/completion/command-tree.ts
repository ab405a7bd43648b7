import type { Command } from 'commander'

/** What a shell can complete on a command line. */
export interface CommandTree {
  /** Of the program: `-h`, `--version`. */
  readonly options: readonly CompletedOption[]
  readonly commands: readonly CompletedCommand[]
}

export interface CompletedCommand extends Described {
  readonly name: string
  readonly options: readonly CompletedOption[]
  /** The values that its argument accepts. Absent if it takes files, or no argument. */
  readonly choices?: readonly string[]
}

export interface CompletedOption extends Described {
  /** `-o` and `--output` */
  readonly flags: readonly string[]
  readonly takesValue: boolean
  /** The values that it accepts. Absent if it takes a file or any text. */
  readonly choices?: readonly string[]
}

interface Described {
  /** One line without control characters. */
  readonly description: string
}

/** Reads everything that commander shows in the help of a program. */
export function readCommandTree(program: Command): CommandTree {
  const shown = program.createHelp().visibleCommands(program)
  const names = shown.map((command) => command.name())
  return {
    options: optionsOf(program),
    commands: shown.map((command) => {
      const [argument] = command.registeredArguments
      // The argument of `help` is a command.
      const choices = argument?.name() === 'command' ? names : argument?.argChoices
      return {
        name: command.name(),
        description: command.summary() || command.description(),
        options: optionsOf(command),
        ...(choices && { choices }),
      }
    }),
  }
}

const optionsOf = (command: Command): readonly CompletedOption[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .map(({ short, long, description, required, optional, argChoices }) => ({
      flags: [short, long].filter((flag) => flag !== undefined),
      description,
      takesValue: required || optional,
      ...(argChoices && { choices: argChoices }),
    }))
