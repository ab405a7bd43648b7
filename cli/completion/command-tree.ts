import type { Command } from 'commander'

/** What a shell can complete on a command line. */
export interface CommandTree {
  /** Options of the program itself: `-h`, `--version`. */
  readonly options: readonly CompletedOption[]
  readonly commands: readonly CompletedCommand[]
}

export interface CompletedCommand extends Described {
  readonly name: string
  readonly options: readonly CompletedOption[]
  /** Absent if it takes no argument. */
  readonly values?: Values
}

export interface CompletedOption extends Described {
  /** `-o` and `--output` */
  readonly flags: readonly string[]
  /** Absent if it takes no value. */
  readonly values?: Values
}

/** What an argument or an option accepts: files, names in the cluster, one of a list, or any text if the list is empty. */
export type Values = 'files' | 'names' | readonly string[]

interface Described {
  /** A single line without control characters. */
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
      const values = argument && (choices ?? argumentNamed(argument.name()))
      return {
        name: command.name(),
        description: command.summary() || command.description(),
        options: optionsOf(command),
        ...(values && { values }),
      }
    }),
  }
}

const optionsOf = (command: Command): readonly CompletedOption[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .map(({ short, long, flags, description, argChoices }) => {
      const [, placeholder] = /[<[](.*)[>\]]/.exec(flags) ?? []
      const values = placeholder && (argChoices ?? valuesNamed(placeholder))
      return {
        flags: [short, long].filter((flag) => flag !== undefined),
        description,
        ...(values && { values }),
      }
    })

/** Only `doctor` and `who` call an argument so. */
const argumentNamed = (name: string): Values =>
  name === 'workload' || name === 'object' ? 'names' : valuesNamed(name)

/** Every command's help uses these words for files. */
const valuesNamed = (placeholder: string): Values =>
  placeholder === 'file' || placeholder === 'folder' ? 'files' : []
