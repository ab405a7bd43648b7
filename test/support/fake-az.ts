import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One managed identity, as `az identity list` knows it. */
export interface FakeIdentity {
  readonly clientId: string
  readonly name: string
  readonly resourceGroup: string
}

/**
 * Writes a program `az` into a folder. It knows the arguments of the Azure CLI's commands that we print, and refuses all
 * others, as the real one does.
 *
 * @returns the folder, for PATH, and the federated credentials that were created with it
 */
export function writeFakeAz(
  folder: string,
  identities: readonly FakeIdentity[],
): { readonly path: string; created(): readonly Readonly<Record<string, string>>[] } {
  const path = join(folder, 'az-path')
  const log = join(folder, 'az.log')
  mkdirSync(path)
  writeFileSync(log, '')
  const file = join(path, 'az')
  writeFileSync(file, `#!${process.execPath}\n${source(identities, log)}`)
  chmodSync(file, 0o755)
  return {
    path,
    created: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  }
}

const source = (identities: readonly FakeIdentity[], log: string): string => `
import { parseArgs } from 'node:util'
import { appendFileSync } from 'node:fs'
const fail = (why) => { process.stderr.write('az: ' + why + '\\n'); process.exit(2) }
const text = { type: 'string' }
const commands = {
  'identity list': { query: text, output: text },
  'identity federated-credential create': {
    name: text, 'identity-name': text, 'resource-group': text, issuer: text, subject: text, audiences: text,
  },
}
const args = process.argv.slice(2)
const words = args.slice(0, args.findIndex((arg) => arg.startsWith('-')))
const options = commands[words.join(' ')] ?? fail('unknown command ' + words.join(' '))
let values
try { values = parseArgs({ args: args.slice(words.length), options, strict: true }).values } catch (error) { fail(error.message) }
if (words[1] === 'list') {
  const [, clientId, member] = /^\\[\\?clientId=='([^']*)'\\]\\.(name|resourceGroup)$/.exec(values.query ?? '') ?? fail('cannot evaluate ' + values.query)
  if (values.output !== 'tsv') fail('expected tsv')
  for (const one of ${JSON.stringify(identities)}) if (one.clientId === clientId) console.log(one[member])
} else {
  for (const name of ['name', 'identity-name', 'resource-group']) if (!values[name]) fail('--' + name + ' is required')
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/.test(values.name)) fail('invalid name ' + values.name)
  appendFileSync(${JSON.stringify(log)}, JSON.stringify(values) + '\\n')
}
`
