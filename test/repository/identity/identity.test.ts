import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import t, { type Test } from 'tap'
import { type FakeIdentity, principalOf } from '../../support/fake-az/azure-state.ts'
import { runScript, startFakeAz } from '../../support/fake-az/fake-az.ts'
import { podText } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const webClient = '22222222-2222-2222-2222-222222222222'
const syncClient = '44444444-4444-4444-4444-444444444444'
const issuer = 'https://oidc.example/cluster/'
const web: FakeIdentity = { clientId: webClient, name: 'id-web', resourceGroup: 'rg-web' }
const sync: FakeIdentity = { clientId: syncClient, name: 'id-sync', resourceGroup: 'rg-sync' }

/** Runs a script against a stand-in for the Azure CLI. */
async function paste(t: Test, script: string, env: Readonly<Record<string, string>> = {}) {
  const az = await startFakeAz(t.testdir(), [web, sync])
  await runScript(script, { PATH: `${az.path}:/usr/bin:/bin`, ...env })
  return az
}

const account = (name: string, annotations: Readonly<Record<string, string>>) =>
  JSON.stringify({ kind: 'ServiceAccount', metadata: { name, annotations } })

const pod = podText(
  {
    vault: 'team-a',
    'client-id': webClient,
    secrets: 'db, tls/web, team-b:key/signing, leaf=team-b:cert/web',
    env: 'TOKEN=api-key',
  },
  { serviceAccountName: 'web' },
)

t.test('with --namespace, an account of another one gets no identity', async (t) => {
  const foreign = JSON.parse(pod)
  foreign.metadata.namespace = 'kube-system'
  const run = (...args: readonly string[]) =>
    runInProcess(['identity', '-', ...args], { input: JSON.stringify(foreign) })
  const { code, stdout, stderr } = await run('-n', 'team-a')
  t.match({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, 'ServiceAccount web is in namespace kube-system, but --namespace accepts only')
  for (const args of [[], ['-n', 'kube-system']])
    t.match(await run(...args), { code: 0, stdout: 'system:serviceaccount:kube-system:web' })
})

t.test(
  'the commands for a pod run: a credential, and a role for each kind of object',
  async (t) => {
    const { code, stdout, stderr } = await runInProcess(['identity', '-', '--issuer', issuer], {
      input: pod,
    })
    t.match({ code, stderr }, { code: 0, stderr: '' })
    const az = await paste(t, stdout)
    t.match(az.created(), [
      {
        'identity-name': 'id-web',
        'resource-group': 'rg-web',
        issuer,
        subject: 'system:serviceaccount:default:web',
        audiences: 'api://AzureADTokenExchange',
      },
    ])
    t.strictSame(
      az.assigned().map(({ role, scope }) => [role, scope?.split('/').at(-1)]),
      [
        ['Key Vault Secrets User', 'team-a'],
        ['Key Vault Reader', 'team-b'],
      ],
    )
    t.match(az.assigned()[0], { 'assignee-object-id': principalOf(web) })
  },
)

t.test('accounts with Secret sync and classes of the CSI driver count as well', async (t) => {
  const shop = account('shop', {
    'azure.workload.identity/client-id': syncClient,
    'akv-injector.io/sync': '- { secret: db, data: "password=team-c:db" }',
  })
  const { code, stdout } = await runInProcess(
    ['identity', '-', 'manifests/examples/csi-volume.yaml', '--issuer', issuer],
    { input: shop },
  )
  t.equal(code, 0)
  const az = await paste(t, stdout)
  t.strictSame(
    az.created().map((created) => [created['identity-name'], created['subject']]),
    [
      ['id-web', 'system:serviceaccount:default:web'],
      ['id-sync', 'system:serviceaccount:default:shop'],
    ],
  )
  t.strictSame(
    az.assigned().map((role) => [role['assignee-object-id'], role['scope']?.split('/').at(-1)]),
    [
      [principalOf(web), 'team-a'],
      [principalOf(web), 'team-b'],
      [principalOf(sync), 'team-c'],
    ],
  )
})

const externalSecrets = (name: string) => `test/fixtures/external-secrets/${name}/manifests.yaml`

t.test('the accounts of ExternalSecrets and of their stores count as well', async (t) => {
  const { code, stdout, stderr } = await runInProcess([
    'identity',
    externalSecrets('all-kinds-of-objects'),
    ...['--issuer', issuer],
  ])
  t.match({ code, stderr }, { code: 0, stderr: '' })
  const az = await paste(t, stdout)
  t.strictSame(
    az.created().map((created) => [created['identity-name'], created['subject']]),
    [['id-web', 'system:serviceaccount:default:web']],
  )
  t.strictSame(
    az.assigned().map(({ role, scope }) => [role, scope?.split('/').at(-1)]),
    [
      ['Key Vault Secrets User', 'team-a'],
      ['Key Vault Reader', 'team-a'],
    ],
  )

  // No file has the account that the store names, so no file names its client either.
  const elsewhere = await runInProcess([
    'identity',
    externalSecrets('the-operator-s-own-example'),
    ...['--issuer', issuer, '--identity-name', 'id-web', '--resource-group', 'rg-web'],
  ])
  t.match({ code: elsewhere.code, stderr: elsewhere.stderr }, { code: 0, stderr: '' })
  t.match((await paste(t, elsewhere.stdout)).created(), [
    { subject: 'system:serviceaccount:default:workload-identity-sa' },
  ])
})

t.test(
  'an ExternalSecret that would not be synced, or that no account reads, is told',
  async (t) => {
    for (const [name, expected] of [
      [
        'store-not-in-files',
        /^ExternalSecret\/app \(.*manifests\.yaml\): would not be synced\n {2}line 15: SecretStore vault: is not/,
      ],
      [
        'account-turned-off',
        /^ExternalSecret\/app \(.*manifests\.yaml\): would not be synced\n {2}ServiceAccount web: akv-/,
      ],
      [
        'store-by-managed-identity-and-no-account',
        /^ExternalSecret\/app \(.*manifests\.yaml\): no ServiceAccount reads it\n {2}these files have no ServiceAccount in namespace default that could read/,
      ],
    ] as const)
      t.match(await runInProcess(['identity', externalSecrets(name)]), {
        code: 1,
        stdout: '',
        stderr: expected,
      })
  },
)

t.test(
  'facts that aren’t in the files come from an option, or from a variable that the user has to set',
  async (t) => {
    const unnamed = podText({ secrets: 'team-a:db' })
    const open = await runInProcess(['identity', '-'], { input: unnamed })
    t.equal(open.code, 0)
    t.match(
      open.stdout,
      '# kubectl annotate serviceaccount default --namespace default azure.workload.identity/client-id="$CLIENT_ID"\n',
    )
    const variables = {
      ISSUER: issuer,
      CLUSTER: 'prod',
      IDENTITY_NAME: 'id-web',
      RESOURCE_GROUP: 'rg-web',
    }
    t.match((await paste(t, open.stdout, variables)).created(), [
      { name: 'prod-default_default', issuer },
    ])
    for (const name of Object.keys(variables)) {
      const { [name as keyof typeof variables]: _, ...others } = variables
      await t.rejects(paste(t, open.stdout, others), new RegExp(`${name}: `), name)
    }

    const options = ['--identity-name', 'id-web', '--resource-group', 'rg-web', '--issuer', issuer]
    const vaults = ['--vault-resource-group', "it's", '--vault-subscription', '$(id)']
    const named = await runInProcess(['identity', '-f', '-', ...options, ...vaults], {
      input: unnamed,
    })
    t.match((await paste(t, named.stdout)).assigned(), [
      {
        scope:
          "/subscriptions/$(id)/resourceGroups/it's/providers/Microsoft.KeyVault/vaults/team-a",
      },
    ])
  },
)

t.test('several clusters get a credential each, and 20 of them a warning', async (t) => {
  const issuers = Array.from({ length: 20 }, (_, i) => ['--issuer', `https://oidc.example/${i}`])
  const few = await runInProcess(['identity', '-', ...issuers.slice(1).flat()], { input: pod })
  t.match(few, { code: 0, stderr: '' })
  const { code, stdout, stderr } = await runInProcess(['identity', '-', ...issuers.flat()], {
    input: pod,
  })
  t.equal(code, 0)
  t.match(stderr, `${webClient} would have 20 federated credentials; Azure allows 20`)
  const names = (await paste(t, stdout)).created().map(({ name }) => name)
  t.equal(new Set(names).size, 20)
})

t.test('nothing from a manifest or an option runs as a command', async (t) => {
  const folder = t.testdir()
  const touch = `touch ${folder}/ran`
  const hostile = [
    podText({ secrets: 'team-a:db', 'client-id': webClient }, { serviceAccountName: `x;${touch}` }),
    podText({ secrets: `team-a$(${touch}):db` }),
    JSON.stringify({
      ...JSON.parse(podText({ secrets: 'team-a:db', 'client-id': webClient })),
      metadata: {
        name: 'x',
        namespace: `a\n${touch}\n`,
        annotations: { 'akv-injector.io/secrets': 'team-a:db' },
      },
    }),
    account('x', {
      'azure.workload.identity/client-id': `'];${touch}`,
      'akv-injector.io/sync': '- { secret: db, data: "password=team-c:db" }',
    }),
  ]
  const result = await runInProcess(
    ['identity', '-', '--issuer', `https://x/'$(${touch.replaceAll(' ', '\t')})`],
    { input: pod },
  )
  t.match(result, { code: 2, stdout: '' })
  for (const input of hostile) {
    const { code, stdout } = await runInProcess(
      ['identity', '-', '--issuer', "https://x/'$(id)'", '--resource-group', `';${touch};'`],
      { input },
    )
    t.equal(code, 1)
    spawnSync('/bin/sh', [], { input: stdout })
  }
  t.notOk(existsSync(`${folder}/ran`))
})

t.test('a pod with a mistake is named, and the commands of the others are printed', async (t) => {
  const { code, stdout, stderr } = await runInProcess(['identity', '-', '--issuer', issuer], {
    input: `${podText({ secrets: 'x y z' })}\n---\n${pod}`,
  })
  t.equal(code, 1)
  t.match(stderr, /Pod\/web \(standard input\): would be denied\n {2}line \d+: /)
  t.match(stdout, 'system:serviceaccount:default:web')
  t.notMatch(stdout, 'system:serviceaccount:default:default')
})

t.test('identity refuses what it cannot use, and prints no command', async (t) => {
  const folder = t.testdir({
    'a.yaml': 'a: [',
    'pods.yaml': `${pod}\n---\n${podText({ secrets: 'team-a:x' })}`,
  })
  const cases: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
    [[], /missing required argument/],
    [[`${folder}/none.yaml`], /none.yaml: no such file/],
    [[`${folder}/a.yaml`, `${folder}/pods.yaml`], /a.yaml:1:/],
    [[`${folder}/pods.yaml`, '--issuer', 'http://x'], /expected an https URL/],
    [[`${folder}/pods.yaml`, '--issuer', `https://x/${'a'.repeat(600)}`], /at most 600 characters/],
    [[`${folder}/pods.yaml`, '--identity-name', 'x'], /the files need 2 identities/],
  ]
  for (const [args, sentence] of cases)
    t.match(await runInProcess(['identity', ...args]), { code: 2, stdout: '', stderr: sentence })
  t.match(await runInProcess(['identity', '-'], { input: 'kind: Service' }), {
    code: 0,
    stdout: '',
    stderr: /reads from a vault/,
  })
})

t.test('each way to name an object gets the narrowest role, and the access policy', async (t) => {
  const [user, reader] = ['Key Vault Secrets User', 'Key Vault Reader']
  // Each in a vault of its own, so that one script shows what each of them gets.
  const cases: readonly (readonly [entry: string, vault: string, role: string, path: string])[] = [
    ['plain:db', 'plain', user, 'secrets/db'],
    ['app=property:config#flags', 'property', user, 'secrets/config'],
    ['old=version:db@0123456789abcdef0123456789abcdef', 'version', user, 'secrets/db'],
    ['pair=files:tls/web', 'files', user, 'secrets/web'],
    ['web.pfx=bundle:pfx/web', 'bundle', user, 'secrets/web'],
    ['locked.p12=bundle:pfx/web^locked:password', 'locked', user, 'secrets/password'],
    ['pem=backing:web', 'backing', user, 'secrets/web'],
    ['leaf=public:cert/web', 'public', reader, 'certificates/web'],
    ['keys:key/signing', 'keys', reader, 'keys/signing'],
  ]
  const policies: Readonly<Record<string, string>> = {
    secrets: 'secret-permissions',
    certificates: 'certificate-permissions',
    keys: 'key-permissions',
  }
  const input = podText({
    secrets: cases.map(([entry]) => entry).join(),
    'client-id': webClient,
  })
  const print = async (...options: readonly string[]) => {
    const { code, stdout } = await runInProcess(['identity', '-', '--issuer', issuer, ...options], {
      input,
    })
    t.equal(code, 0)
    return stdout
  }
  const assigned = async (script: string) =>
    (await paste(t, script))
      .assigned()
      .map((assigned) => [assigned['role'], assigned['scope']?.split('/vaults/')[1]])
      .toSorted()
  t.strictSame(
    await assigned(await print()),
    cases.map(([, vault, role]) => [role, vault]).toSorted(),
  )
  t.strictSame(
    await assigned(await print('--scope', 'object')),
    cases.map(([, vault, role, path]) => [role, `${vault}/${path}`]).toSorted(),
  )
  const script = await print('--access-policies')
  for (const [, vault, , path] of cases) {
    const [collection = ''] = path.split('/')
    t.match(
      script,
      `az keyvault set-policy --name ${vault} --object-id "$PRINCIPAL_ID" --${policies[collection]} get\n`,
    )
  }
  t.notMatch(script, 'role assignment')
})

t.test(
  'parts of one certificate that are named separately need both roles, and all spellings are one object',
  async (t) => {
    const input = podText({
      vault: 'team-a',
      secrets: 'leaf=cert/Web, web.pem=web, pair=tls/WEB, web.pfx=team-A:pfx/web, public=key/web',
      'client-id': webClient,
    })
    const { stdout } = await runInProcess(
      ['identity', '-', '--scope', 'object', '--issuer', issuer],
      { input },
    )
    t.strictSame(
      (await paste(t, stdout))
        .assigned()
        .map((assigned) => assigned['scope']?.split('/vaults/')[1]),
      ['team-a/secrets/web', 'team-a/certificates/Web', 'team-a/keys/web'],
    )
  },
)

const finding = [
  podText(
    {
      vault: 'team-a',
      'client-id': webClient,
      secrets: 'shop/=find:shop-*, db, leaf=cert/web',
    },
    { serviceAccountName: 'web' },
  ),
  account('shop', {
    'azure.workload.identity/client-id': syncClient,
    'akv-injector.io/sync': '- { secret: shop, data: "./=find:team-c:shop-*" }',
  }),
].join('\n---\n')

t.test(
  'finds of pods and accounts get the right to list, which no role on a secret has',
  async (t) => {
    const print = async (...options: readonly string[]) => {
      const { code, stdout } = await runInProcess(
        ['identity', '-', '--issuer', issuer, ...options],
        {
          input: finding,
        },
      )
      t.equal(code, 0)
      return stdout
    }
    const assigned = (script: string) =>
      paste(t, script).then((az) =>
        az.assigned().map(({ role, scope }) => [role, scope?.split('/vaults/')[1]]),
      )
    t.strictSame(await assigned(await print()), [
      ['Key Vault Secrets User', 'team-a'],
      ['Key Vault Reader', 'team-a'],
      ['Key Vault Secrets User', 'team-c'],
    ])
    const byObject = await print('--scope', 'object')
    t.strictSame(await assigned(byObject), [
      ['Key Vault Secrets User', 'team-a'],
      ['Key Vault Reader', 'team-a/certificates/web'],
      ['Key Vault Secrets User', 'team-c'],
    ])
    const comments = byObject
      .split('\n')
      .filter((line) => line.includes('A find lists the secrets'))
    t.equal(comments.length, 2)
    const policies = await print('--access-policies')
    t.match(policies, /set-policy --name team-a .* --secret-permissions get list --certificate-p/)
    t.match(policies, /set-policy --name team-c .* --secret-permissions get list\n/)
  },
)
