import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { shellQuote } from '../../../cli/identity/grants/shell-quote.ts'
import { answerAz, type Values } from './answer-az.ts'
import type { AzureState, FakeFailure } from './azure-state.ts'
import { fail, Refused } from './refused.ts'

/** The files of one stand-in, and the arguments that the Azure CLI's help lists. */
export interface FakeAzFiles {
  readonly state: string
  readonly log: string
  readonly commands: Readonly<
    Record<string, { readonly names: readonly string[]; readonly required: readonly string[] }>
  >
}

/** Answers as the Azure CLI does, and refuses what it would refuse. */
export function runFakeAz(args: readonly string[], files: FakeAzFiles): void {
  const words = args.slice(
    0,
    args.findIndex((arg) => arg.startsWith('-')),
  )
  const command = words.join(' ')
  const state: AzureState = JSON.parse(readFileSync(files.state, 'utf8'))
  try {
    const values = parseArguments(command, args.slice(words.length), files.commands)
    appendFileSync(files.log, `${JSON.stringify({ command, values })}\n`)
    const failure = state.failures[command] ?? state.failures['*']
    if (failure !== undefined) {
      act(failure)
      return
    }
    const result = answerAz(command, values, state)
    writeFileSync(files.state, JSON.stringify(state))
    print(result, values)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    process.stderr.write(`ERROR: ${error.message}\n`)
    process.exitCode = 2
  }
}

/** `--name value`, `--name=value`, flags, and lists of values. */
export function parseArguments(
  command: string,
  args: readonly string[],
  commands: FakeAzFiles['commands'],
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

function act({ code = 0, stderr = '', stdout = '', times = 1, hangs }: FakeFailure): void {
  process.stderr.write(stderr)
  for (let i = 0; i < times; i++) process.stdout.write(stdout)
  if (hangs !== undefined)
    spawnSync('/bin/sh', ['-c', `echo $$ >${shellQuote(hangs)}; exec sleep 600`], {
      stdio: 'inherit',
    })
  process.exitCode = code
}

function print(result: unknown, values: Values): void {
  if (result === undefined) return
  const { output = 'json', query } = values
  const isText = output === 'tsv' && query !== undefined
  const lines = isText && Array.isArray(result) ? result : [result]
  process.stdout.write(
    isText ? lines.map((line) => `${line}\n`).join('') : `${JSON.stringify(result, null, 2)}\n`,
  )
}
