import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argumentsFile, type CommandArguments, commandOf } from './azure-arguments.ts'
import { runPage } from './run-page.ts'

/**
 * Records which arguments the Azure CLI on the PATH accepts for the commands of docs/aks.md, of `akv-injector identity` and of
 * `akv-injector prove`, from its own help:
 * `node test/docs/aks/record-arguments.ts`. It needs no subscription: `pip install azure-cli` is enough.
 */
const az = (...args: string[]): string =>
  execFileSync('az', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

/** In the help, an argument's line has four blanks before its names. */
function parseHelp(help: string): CommandArguments {
  const lines = [...help.matchAll(/^ {4}(--[a-z][\w-]*(?: --?[\w-]+)*)(.*)$/gm)]
  return {
    required: lines
      .filter(([, , rest = '']) => rest.includes('[Required]'))
      .map(([, names = '']) => names.split(' ')[0] ?? ''),
    names: lines.flatMap(([, names = '']) => names.split(' ')),
  }
}

const folder = mkdtempSync(join(tmpdir(), 'akv-injector-aks-'))
const called = runPage(folder).filter(({ program }) => program === 'az')
rmSync(folder, { recursive: true })
/** `akv-injector identity` prints the first one, and runs those up to `rest` with `--verify`. `prove` runs the others. */
const ours = [
  'aks identity-binding create',
  'aks identity-binding delete',
  'aks identity-binding list',
  'identity list',
  'identity federated-credential list',
  'role assignment list',
  'role definition show',
  'cloud show',
  'deployment group cancel',
  'deployment group delete',
  'deployment group list',
  'acr build',
  'acr repository delete',
  'acr repository show-tags',
  'rest',
  'account get-access-token',
  'account show',
  'group show',
  'keyvault certificate create',
  'keyvault delete',
  'keyvault key create',
  'keyvault list',
  'keyvault list-deleted',
  'keyvault secret delete',
  'keyvault secret set-attributes',
  'keyvault update',
]
const names = [...new Set([...called.map(commandOf), ...ours])].sort()
const commands = Object.fromEntries(
  names.map((name) => [name, parseHelp(az(...name.split(' '), '--help'))]),
)
const { 'azure-cli': version } = JSON.parse(az('version'))
writeFileSync(argumentsFile, `${JSON.stringify({ version, commands })}\n`)
