import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { shellQuote } from '../../../cli/identity/grants/shell-quote.ts'
import { readRecordedArguments } from '../../docs/aks/azure-arguments.ts'
import { type AzureState, emptyAzure, type FakeIdentity } from './azure-state.ts'
import type { FakeAzFiles } from './run-fake-az.ts'

export interface FakeAz {
  /** The folder of the program, for PATH. */
  readonly path: string
  /** The federated credentials that were created with it. */
  created(): readonly Values[]
  /** The roles that were assigned with it. */
  assigned(): readonly Values[]
  /** The access policies that were set with it. */
  policies(): readonly Values[]
  /** Every command that it accepted. */
  commands(): readonly string[]
  /** Changes what Azure has. */
  change(change: (state: AzureState) => void): void
}

type Values = Readonly<Record<string, string>>

/**
 * Writes a program `az` into a folder. It knows the arguments of the Azure CLI's commands that we print and run, and answers in
 * the form that version 2.91.0 printed when it was run against answers in the form of Azure's REST documentation. What one
 * command creates, the next one finds. It refuses everything else, as the real one does.
 */
export function writeFakeAz(folder: string, identities: readonly FakeIdentity[]): FakeAz {
  const path = join(folder, 'az-path')
  mkdirSync(path)
  const files: FakeAzFiles = {
    state: join(folder, 'az.json'),
    log: join(folder, 'az.log'),
    commands: readRecordedArguments().commands,
  }
  writeFileSync(files.state, JSON.stringify(emptyAzure(identities)))
  writeFileSync(files.log, '')
  const file = join(path, 'az')
  const program = pathToFileURL(join(import.meta.dirname, 'run-fake-az.ts'))
  const script = join(folder, 'az.mjs')
  writeFileSync(
    script,
    `import(${JSON.stringify(program)}).then(({ runFakeAz }) => runFakeAz(process.argv.slice(2), ${JSON.stringify(files)}))\n`,
  )
  // A #! line can't have a path with a blank, and not a long one.
  writeFileSync(
    file,
    `#!/bin/sh\nexport NODE_COMPILE_CACHE=${shellQuote(process.env['NODE_COMPILE_CACHE'] ?? '')}\nexec ${shellQuote(process.execPath)} ${shellQuote(script)} "$@"\n`,
  )
  chmodSync(file, 0o755)
  const log = () =>
    readFileSync(files.log, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  const ran = (command: string) => () =>
    log()
      .filter((call) => call.command === command)
      .map((call) => call.values)
  return {
    path,
    created: ran('identity federated-credential create'),
    assigned: ran('role assignment create'),
    policies: ran('keyvault set-policy'),
    commands: () => log().map(({ command }) => command),
    change: (change) => {
      const current: AzureState = JSON.parse(readFileSync(files.state, 'utf8'))
      change(current)
      writeFileSync(files.state, JSON.stringify(current))
    },
  }
}
