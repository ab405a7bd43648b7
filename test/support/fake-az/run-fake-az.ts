import { answerAz, type Values } from './answer-az.ts'
import type { AzureState, FakeFailure } from './azure-state.ts'
import { fail, Refused } from './refused.ts'

/** A command that the stand-in accepted. */
export interface FakeCall {
  readonly command: string
  readonly values: Values
}

interface FakeAzFacts {
  readonly state: AzureState
  readonly calls: FakeCall[]
  /** The arguments that the Azure CLI's help lists. */
  readonly commands: Readonly<
    Record<string, { readonly names: readonly string[]; readonly required: readonly string[] }>
  >
}

/** Answers as the Azure CLI does, and refuses what it would refuse. Gives what it prints. */
export function runFakeAz(
  args: readonly string[],
  { state, calls, commands }: FakeAzFacts,
): FakeFailure {
  const words = args.slice(
    0,
    args.findIndex((arg) => arg.startsWith('-')),
  )
  const command = words.join(' ')
  try {
    const values = parseArguments(command, args.slice(words.length), commands)
    calls.push({ command, values })
    const failure = state.failures[command] ?? state.failures['*']
    return failure ?? { stdout: printed(answerAz(command, values, state), values) }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { code: 2, stderr: `ERROR: ${error.message}\n` }
  }
}

/** `--name value`, `--name=value`, flags, and lists of values. */
export function parseArguments(
  command: string,
  args: readonly string[],
  commands: FakeAzFacts['commands'],
): Values {
  const { names, required } = commands[command] ?? fail(`unknown command ${command}`)
  const values: Record<string, string[]> = {}
  let last: string[] = []
  for (const arg of args) {
    const [, name, value] = /^(--[a-z-]+)(?:=([\s\S]*))?$/.exec(arg) ?? []
    if (name === undefined) last.push(arg)
    else if (names.includes(name)) {
      last = value === undefined ? [] : [value]
      values[name.slice(2)] = last
    } else fail(`unrecognized arguments: ${arg}`)
  }
  for (const name of required)
    if (values[name.slice(2)] === undefined) fail(`the following arguments are required: ${name}`)
  return Object.fromEntries(Object.entries(values).map(([name, some]) => [name, some.join(' ')]))
}

function printed(result: unknown, values: Values): string {
  if (result === undefined) return ''
  const { output = 'json', query } = values
  const isText = output === 'tsv' && query !== undefined
  const lines = isText && Array.isArray(result) ? result : [result]
  return isText ? lines.map((line) => `${line}\n`).join('') : `${JSON.stringify(result, null, 2)}\n`
}
