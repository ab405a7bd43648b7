import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRecordedArguments } from '../docs/aks/azure-arguments.ts'

/** One managed identity, as `az identity list` knows it. */
export interface FakeIdentity {
  readonly clientId: string
  readonly name: string
  readonly resourceGroup: string
}

/**
 * Writes a program `az` into a folder. It knows the arguments of the Azure CLI's commands that we print, which of them are
 * required, and the forms of some. It refuses all others, as the real one does.
 *
 * @returns the folder, for PATH, the federated credentials that were created with it, and the roles that were assigned
 */
export function writeFakeAz(
  folder: string,
  identities: readonly FakeIdentity[],
): {
  readonly path: string
  created(): readonly Readonly<Record<string, string>>[]
  assigned(): readonly Readonly<Record<string, string>>[]
} {
  const path = join(folder, 'az-path')
  const log = join(folder, 'az.log')
  mkdirSync(path)
  writeFileSync(log, '')
  const file = join(path, 'az')
  writeFileSync(file, `#!${process.execPath}\n${source(identities, log)}`)
  chmodSync(file, 0o755)
  const ran = (command: string) => () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .filter((one) => one.command === command)
      .map((one) => one.values)
  return {
    path,
    created: ran('identity federated-credential create'),
    assigned: ran('role assignment create'),
  }
}

/** The arguments that the Azure CLI's own help lists, and those without which a command makes no sense. */
const commands = readRecordedArguments().commands
const needs: Readonly<Record<string, readonly string[]>> = {
  'identity list': ['--query'],
  'identity show': ['--name', '--resource-group'],
  'keyvault show': ['--name'],
  'identity federated-credential create': ['--issuer', '--subject'],
  'role assignment create': ['--assignee-object-id'],
}
const recorded = Object.fromEntries(
  Object.entries(needs).map(([command, added]) => {
    const known = commands[command]
    if (known === undefined) throw new Error(`az ${command} is not recorded`)
    return [command, { names: known.names, required: [...known.required, ...added] }]
  }),
)

const source = (identities: readonly FakeIdentity[], log: string): string => `
import { parseArgs } from 'node:util'
import { appendFileSync } from 'node:fs'
const fail = (why) => { process.stderr.write('az: ' + why + '\\n'); process.exit(2) }
const recorded = ${JSON.stringify(recorded)}
const args = process.argv.slice(2)
const words = args.slice(0, args.findIndex((arg) => arg.startsWith('-')))
const command = words.join(' ')
const { names, required } = recorded[command] ?? fail('unknown command ' + command)
const options = Object.fromEntries(names.filter((name) => name.startsWith('--')).map((name) => [name.slice(2), { type: 'string' }]))
let values
try { values = parseArgs({ args: args.slice(words.length), options, strict: true }).values } catch (error) { fail(error.message) }
for (const name of required) if (!values[name.slice(2)]) fail('the following arguments are required: ' + name)
const identities = ${JSON.stringify(identities)}
if (values.query !== undefined && values.output !== 'tsv') fail('expected tsv')
const roles = ['Key Vault Secrets User', 'Key Vault Certificate User', 'Key Vault Crypto User']
switch (command) {
  case 'identity list': {
    const [, clientId, member] = /^\\[\\?clientId=='([^']*)'\\]\\.(name|resourceGroup)$/.exec(values.query ?? '') ?? fail('cannot evaluate ' + values.query)
    for (const one of identities) if (one.clientId === clientId) console.log(one[member])
    break
  }
  case 'identity show': {
    const found = identities.find((one) => one.name === values.name && one.resourceGroup === values['resource-group'])
    if (found === undefined) fail('(ResourceNotFound) ' + values.name)
    if (values.query !== 'principalId') fail('cannot evaluate ' + values.query)
    console.log('principal-of-' + found.name)
    break
  }
  case 'keyvault show':
    if (values.query !== 'id') fail('cannot evaluate ' + values.query)
    console.log(['', 'subscriptions', values.subscription ?? 'default', 'resourceGroups', values['resource-group'] ?? 'any', 'vaults', values.name].join('/'))
    break
  case 'role assignment create':
    if (!roles.includes(values.role)) fail("Role '" + values.role + "' doesn't exist.")
    if (values['assignee-principal-type'] !== 'ServicePrincipal') fail('expected ServicePrincipal')
    break
  default:
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/.test(values.name)) fail('invalid name ' + values.name)
    if (!identities.some((one) => one.name === values['identity-name'])) fail('(ParentResourceNotFound) ' + values['identity-name'])
}
if (command.endsWith(' create')) appendFileSync(${JSON.stringify(log)}, JSON.stringify({ command, values }) + '\\n')
`
