import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { run } from '../../support/run-command-line.ts'
import { argumentProblems, commandOf, readRecordedArguments } from './azure-arguments.ts'
import { azure, type Call, runPage } from './run-page.ts'

const root = join(import.meta.dirname, '../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const page = read('docs/aks.md')
const calls = runPage(t.testdir())
const azCalls = calls.filter(({ program }) => program === 'az')

const callsOf = (program: string, command: string): readonly Call[] =>
  calls.filter((call) => call.program === program && commandOf(call) === command)
const valueAfter = ({ args }: Call, name: string) => args[args.indexOf(name) + 1]
const [applied = { program: '', args: [], input: '' }] = calls.filter(({ input }) => input !== '')

t.test('the Azure CLI accepts the arguments of each command', async (t) => {
  const recorded = readRecordedArguments()
  t.ok(azCalls.length > 20)
  for (const call of azCalls) t.strictSame(argumentProblems(call, recorded), [])
  t.match(page, `Azure CLI ${recorded.version} accepts`)
  const typo = {
    program: 'az',
    args: ['aks', 'show', '--name', 'x', '--resourcegroup', 'g'],
    input: '',
  }
  t.strictSame(argumentProblems(typo, recorded), [
    'az aks show: unknown argument --resourcegroup',
    'az aks show: missing argument --resource-group',
  ])
})

t.test('the credential, the role and the ServiceAccount belong together', async (t) => {
  const [account, pod] = parseAllDocuments(applied.input).map((one) => one.toJS())
  t.equal(account.metadata.annotations['azure.workload.identity/client-id'], azure.clientId)
  t.equal(pod.spec.serviceAccountName, account.metadata.name)
  const [credential, ...others] = callsOf('az', 'identity federated-credential create')
  t.strictSame(others, [])
  if (credential === undefined) return
  const { namespace, name } = account.metadata
  t.equal(valueAfter(credential, '--issuer'), azure.issuer)
  t.equal(valueAfter(credential, '--subject'), `system:serviceaccount:${namespace}:${name}`)
  const roles = callsOf('az', 'role assignment create').map((call) => [
    valueAfter(call, '--role'),
    valueAfter(call, '--assignee-object-id'),
    valueAfter(call, '--scope'),
  ])
  t.strictSame(roles, [
    ['Key Vault Secrets Officer', azure.me, azure.vaultId],
    ['Key Vault Secrets User', azure.principalId, azure.vaultId],
  ])
})

t.test('the image that is built is pushed and installed', async (t) => {
  const { version } = JSON.parse(read('package.json'))
  const [install] = calls.filter(({ program, args }) => program === 'helm' && args[0] === 'install')
  const set = install?.args.filter((_, index, all) => all[index - 1] === '--set')
  const image = 'shopregistry.azurecr.io/akv-injector'
  t.strictSame(set, [`image.repository=${image}`, `tenantId=${azure.tenantId}`])
  const [build] = calls.filter(({ args }) => args.join(' ').startsWith('run image'))
  t.equal(build && valueAfter(build, '--tag'), `${image}:${version}`)
  t.strictSame(callsOf('docker', `push ${image}:${version}`).length, 1)
})

t.test('the webhook injects the first pod', async (t) => {
  const file = join(t.testdir({ 'pod.yaml': applied.input }), 'pod.yaml')
  const { code, stdout } = await run(['check', file])
  t.equal(code, 0, stdout)
  t.match(stdout, 'db-password')
})

t.test('the page, Bicep and Terraform assign the same roles', async (t) => {
  const table = Object.fromEntries(
    [...page.matchAll(/^\| `(?:(\w+)\/)?NAME`.*? \| \*(.*?)\* \|/gm)].map(([, type, role]) => [
      type ?? 'secret',
      role,
    ]),
  )
  const terraform = read('manifests/azure/terraform/main.tf')
  const [, roles = ''] = /roles = \{([\s\S]*?)\}/.exec(terraform) ?? []
  t.strictSame(
    Object.fromEntries(
      [...roles.matchAll(/(\w+) += "(.*)"/g)].map(([, type, role]) => [type, role]),
    ),
    table,
  )
  const bicep = read('manifests/azure/bicep/vault-roles.bicep')
  const inBicep = [...bicep.matchAll(/\/\/ (Key Vault .*)\n +(\w+): '(.*)'/g)]
  t.strictSame(Object.fromEntries(inBicep.map(([, role, type]) => [type, role])), table)
  t.strictSame(
    Object.fromEntries(inBicep.map(([, role, , id]) => [role, id])),
    builtInRoles,
    'Azure’s documentation has these IDs',
  )
})

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security */
const builtInRoles = {
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6',
  'Key Vault Certificate User': 'db79e9a7-68ee-4b58-9aeb-b90e7c24fcba',
  'Key Vault Crypto User': '12338af0-0e69-4776-bea7-57ae8d297424',
}

t.test('the page, Bicep and Terraform create the same credential', async (t) => {
  const [credential] = callsOf('az', 'identity federated-credential create')
  const audience = credential && valueAfter(credential, '--audiences')
  t.equal(audience, 'api://AzureADTokenExchange')
  for (const [path, account, subjectStart] of [
    ['manifests/azure/bicep/main.bicep', 'account', "subject: 'system"],
    ['manifests/azure/terraform/main.tf', 'each.value', 'subject                   = "system'],
  ] as const) {
    const text = read(path)
    t.match(text, audience)
    t.match(text, `${subjectStart}:serviceaccount:\${${account}.namespace}:\${${account}.name}`)
  }
})

t.test('the examples set parameters and variables that the modules have', async (t) => {
  const parameters = (path: string) =>
    [...read(path).matchAll(/^param (\w+)/gm)].map(([, name]) => name)
  const main = parameters('manifests/azure/bicep/main.bicep')
  const [deployment] = callsOf('az', 'deployment group create')
  const given = deployment?.args.flatMap((arg) => /^([a-z]\w+)=/i.exec(arg)?.[1] ?? []) ?? []
  t.strictSame(
    given.filter((name) => !main.includes(name)),
    [],
  )
  t.ok(given.length >= 5)
  const variables = [
    ...read('manifests/azure/terraform/variables.tf').matchAll(/^variable "(\w+)"/gm),
  ]
  const [, example = ''] = /module "shop_web" \{([\s\S]*?)\n\}/.exec(page) ?? []
  t.strictSame(
    [...example.matchAll(/^ {2}(\w+) +=/gm)].map(([, name]) => name),
    ['source', ...variables.map(([, name]) => name)],
  )
})
