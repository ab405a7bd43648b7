import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { narrowestGrants, narrowestPolicy } from '../../../lib/azure/narrowest-grants.ts'
import { sourceFolders } from '../../rooms/find-leaks.ts'
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
  const [account, pod] = parseAllDocuments(applied.input).map((document) => document.toJS())
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

const kinds = { secret: 'secrets', cert: 'certificates', key: 'keys' } as const

t.test('the page has the table of narrowest grants', async (t) => {
  const rows = Object.entries(kinds).map(([kind, collection]) => {
    const { entries, reads, role } = narrowestGrants[collection]
    const option = { secret: 'secret', cert: 'certificate', key: 'key' }[kind]
    const [get, list] = narrowestPolicy(true)
    return `| ${entries.map((entry) => `\`${entry}\``).join(', ')} | ${reads} | *${role.name}* | \`--${option}-permissions ${get}\`; also \`${list}\` for \`objectVersionHistory\` |`
  })
  t.match(page, `\n${rows.join('\n')}\n\n`)
})

t.test('Bicep and Terraform assign the roles of that table', async (t) => {
  const wanted = new Map<string, string[]>()
  for (const [kind, collection] of Object.entries(kinds)) {
    const { name, id } = narrowestGrants[collection].role
    wanted.set(`${name} ${id}`, [...(wanted.get(`${name} ${id}`) ?? []), kind])
  }
  const quoted = (text: string) => [...text.matchAll(/['"](\w+)['"]/g)].map(([, word = '']) => word)
  const bicep = read('manifests/azure/bicep/vault-roles.bicep')
  const inBicep = [
    ...bicep.matchAll(/\/\/ (Key Vault .*)\n +\{ objectTypes: \[(.*)\], id: '(.*)' \}/g),
  ]
  t.strictSame(
    new Map(inBicep.map(([, name, types = '', id]) => [`${name} ${id}`, quoted(types)])),
    wanted,
  )
  const terraform = read('manifests/azure/terraform/main.tf')
  const inTerraform = [...terraform.matchAll(/\{ name = "(.*)", object_types = \[(.*)\] \}/g)]
  t.strictSame(
    new Map(inTerraform.map(([, name, types = '']) => [name, quoted(types)])),
    new Map([...wanted].map(([role, types]) => [role.slice(0, role.lastIndexOf(' ')), types])),
  )
})

/** Every other role of a vault that a page, a module or a message names, with the reason. */
const explained: Readonly<Record<string, readonly string[]>> = {
  // Whoever follows the page stores a secret, and two names mislead.
  'docs/aks.md': ['Certificate User', 'Crypto User', 'Secrets Officer'],
  // An example of a role that changes access.
  'docs/specification.md': ['Contributor'],
  // Whoever runs `prove` makes objects of every kind, in a vault that is removed at the end.
  'prove/azure/vault-resource.ts': ['Administrator'],
}

t.test('no page, module or message tells anybody to assign another role', async (t) => {
  const narrowest = Object.values(narrowestGrants).map(({ role }) => role.name)
  const folders = ['docs', 'manifests', ...sourceFolders]
  const files = [
    'README.md',
    ...folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile() && /\.(md|ts|txt|ya?ml|tf|bicep)$/.test(file.name))
        .map((file) => relative(root, join(file.parentPath, file.name))),
    ),
  ]
  let named = 0
  for (const file of files) {
    const roles = [
      ...read(file)
        .replaceAll(/\s+/g, ' ')
        .matchAll(
          /Key Vault (Administrator|Contributor|Reader|(?:Certificates?|Crypto|Secrets)(?: Service \w+)? (?:User|Officer))/g,
        ),
    ]
    named += roles.length
    const others = roles.filter(([role]) => !narrowest.includes(role)).map(([, role]) => role)
    // A comment of the table explains why it has no other role.
    if (file === 'lib/azure/narrowest-grants.ts') continue
    t.strictSame([...new Set(others)].toSorted(), explained[file] ?? [], file)
  }
  t.ok(named > 20, `${named} names of roles found`)
})

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
