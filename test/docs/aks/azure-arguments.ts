import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Call } from './run-page.ts'

/** The arguments that the Azure CLI accepts for one command, recorded from its own help by record-arguments.ts. */
export interface CommandArguments {
  readonly required: readonly string[]
  /** Long and short names. */
  readonly names: readonly string[]
}

export interface RecordedArguments {
  /** Of the Azure CLI. */
  readonly version: string
  /** By command, such as `aks show`. */
  readonly commands: Readonly<Record<string, CommandArguments>>
}

export const argumentsFile = join(import.meta.dirname, 'azure-arguments.json')

export const readRecordedArguments = (): RecordedArguments =>
  JSON.parse(readFileSync(argumentsFile, 'utf8'))

/** Returns the words before the first argument: `aks show`. */
export const commandOf = ({ args }: Call): string => {
  const end = args.findIndex((arg) => arg.startsWith('-'))
  return args.slice(0, end < 0 ? args.length : end).join(' ')
}

/** Returns what the Azure CLI would refuse about the names of the arguments. */
export function argumentProblems(call: Call, recorded: RecordedArguments): readonly string[] {
  const command = commandOf(call)
  const known = recorded.commands[command]
  if (known === undefined) return [`az ${command} is not recorded`]
  const given = call.args.filter((arg) => /^--?[a-z]/.test(arg))
  const unknown = given.filter((arg) => !known.names.includes(arg))
  const missing = known.required.filter((name) => !given.includes(name))
  return [
    ...unknown.map((arg) => `az ${command}: unknown argument ${arg}`),
    ...missing.map((name) => `az ${command}: missing argument ${name}`),
  ]
}
