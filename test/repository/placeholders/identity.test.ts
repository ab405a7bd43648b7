import { spawnSync } from 'node:child_process'
import t from 'tap'
import { podText } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { classText, storeText } from './manifests.ts'

const env = { AKV_INJECTOR_CSI: 'all' }
const identity = (input: string, ...args: readonly string[]) =>
  runInProcess(['identity', '-', '--issuer', 'https://oidc.example/', ...args], { input, env })

/** What a script runs, one line for each command of `az`. */
function runScript(script: string, variables: NodeJS.ProcessEnv) {
  const az = `az() { for word; do printf '<%s>' "$word" >&2; done; echo >&2; echo answer; }\n`
  const { status, stderr } = spawnSync('sh', ['-c', az + script], {
    env: { PATH: process.env['PATH'], ...variables },
    encoding: 'utf8',
  })
  return { status, lines: stderr.split('\n') }
}

const names = { vault: 'kv-${ENV}-$(REGION)', namespace: '<ns>', client: '__CLIENT__' }

t.test('the commands have a variable for each placeholder, and need its value', async (t) => {
  const { code, stdout } = await identity(storeText(names, 3))
  t.equal(code, 0)
  t.match(stdout, '# PLACEHOLDER_ENV is the value of ${ENV} in the files\n: "${PLACEHOLDER_ENV:?')
  t.match(stdout, '# As the client __CLIENT__, these ServiceAccounts sign in: <ns>/web')
  t.match(runScript(stdout, {}).lines, [/PLACEHOLDER_\w+.*the value of a placeholder/])
  const { status, lines } = runScript(stdout, {
    PLACEHOLDER_ENV: 'dev env',
    PLACEHOLDER_REGION: 'west',
    PLACEHOLDER_NS: '$(reboot)',
    PLACEHOLDER_CLIENT: '2222',
  })
  t.equal(status, 0)
  const ran = lines.join('\n')
  t.match(ran, "<[?clientId=='2222'].name>")
  t.match(ran, '<--subject><system:serviceaccount:$(reboot):web>')
  t.match(ran, '<keyvault><show><--name><kv-dev env-west>')
  t.notMatch(ran, /<ns>|__CLIENT__|\$\{ENV\}/)
})

t.test('with all values, the commands are the same as for written values', async (t) => {
  const values = [
    'ENV=dev',
    'REGION=west',
    'ns=shop',
    'CLIENT=22222222-2222-2222-2222-222222222222',
  ]
  const filled = await identity(storeText(names), ...values.flatMap((value) => ['--set', value]))
  t.same(filled, await identity(storeText({ vault: 'kv-dev-west' })))
  t.match(filled.stdout, '--name kv-dev-west')
})

t.test('what only a value decides gets no commands, and one line', async (t) => {
  const input = storeText({ vault: 'a-name-that-leaves-no-room-${ENV}' }, 500)
  const { code, stdout, stderr } = await identity(input)
  t.equal(code, 1)
  t.equal(stdout, '')
  t.equal(
    stderr,
    'undecided without ${ENV}: ExternalSecret/db-0, ExternalSecret/db-1, ExternalSecret/db-2, 497 more\n',
  )
})

t.test('a comparison with Azure needs the values', async (t) => {
  const { code, stderr } = await identity(classText({ vault: '${VAULT}' }), '--verify')
  t.match({ code, stderr }, { code: 2, stderr: '--verify needs the values of all placeholders' })
  t.match(stderr, '\n  ${VAULT}\n')
})

t.test('a command that is a comment has variables, too', async (t) => {
  const names = { vault: 'team-a', client: '""' }
  const input = storeText(names).replaceAll('name: web', 'name: web-$(reboot)')
  const { stdout } = await identity(input)
  t.match(stdout, '# kubectl annotate serviceaccount web-"${PLACEHOLDER_REBOOT}" --namespace shop')
  const commands = stdout.split('\n').filter((line) => !/^# (?:As|PLACEHOLDER)/.test(line))
  t.ok(commands.length >= 8)
  t.notMatch(commands.join('\n'), '$(reboot)')
})

t.test('a long name with a placeholder has no credential yet', async (t) => {
  const input = storeText({ vault: 'team-a' }).replaceAll(
    'name: web',
    `name: web-${'a'.repeat(90)}-\${ENV}`,
  )
  const { code, stdout, stderr } = await identity(input)
  t.match({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, /^undecided without \$\{ENV\}: ServiceAccount\/web-a+-\$\{ENV\}\n$/)
  t.match(await identity(input, '--set', 'ENV=dev'), { code: 0, stdout: /-dev --audiences/ })
})

t.test('what kubectl reads gets the values, too', async (t) => {
  const input = classText(names).replace(
    '  name: web\n',
    '  name: web\n  annotations: { akv-injector.io/identity-binding: "true" }\n',
  )
  const { stdout } = await runInProcess(['identity', '-'], {
    input,
    env: { ...env, AKV_INJECTOR_IDENTITY_BINDING: 'true' },
  })
  const { status, lines } = runScript(`kubectl() { cat >&2; }\n${stdout}`, {
    AKS_NAME: 'aks',
    AKS_GROUP: 'rg',
    PLACEHOLDER_ENV: 'dev',
    PLACEHOLDER_REGION: 'west',
    PLACEHOLDER_NS: 'shop',
    PLACEHOLDER_CLIENT: '2222',
  })
  t.equal(status, 0)
  t.match(lines.join('\n'), '  name: akv-injector-use-2222-shop.web\n')
  t.match(lines.join('\n'), '    name: web\n    namespace: shop\n')
})

t.test('a name that is not valid is named as it is written', async (t) => {
  const input = podText({
    vault: 'team-a',
    secrets: 'db',
    'client-id': '22222222-2222-2222-2222-222222222222',
  }).replace('"name":"web",', '"name":"web","namespace":"Shop_${ENV}",')
  const { code, stderr } = await identity(input)
  t.match(
    { code, stderr },
    { code: 1, stderr: "in namespace Shop_${ENV}: this isn't a valid name" },
  )
})
