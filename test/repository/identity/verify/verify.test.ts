import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { FakeIdentity } from '../../../support/fake-az/azure-state.ts'
import { type FakeAz, runScript, startFakeAz } from '../../../support/fake-az/fake-az.ts'
import { podText } from '../../../support/run-command-line.ts'
import { runInProcess } from '../../../support/run-in-process.ts'

const web: FakeIdentity = {
  clientId: '22222222-2222-2222-2222-222222222222',
  name: 'id-web',
  resourceGroup: 'rg-web',
}
const issuer = 'https://oidc.example/cluster/'
const vaultId = (name: string) =>
  `/subscriptions/00000000-0000-0000-0000-0000000000aa/resourceGroups/rg-vaults/providers/Microsoft.KeyVault/vaults/${name}`

const pod = podText(
  {
    vault: 'team-a',
    'client-id': web.clientId,
    secrets: 'db, tls/web, leaf=cert/web, team-b:key/signing, API-key=team-b:API-key',
    env: 'TOKEN=team-b:api-KEY',
  },
  { serviceAccountName: 'web' },
)

/** A class whose secret is read with its history. */
const history = [
  {
    kind: 'SecretProviderClass',
    metadata: { name: 'versions' },
    spec: {
      provider: 'azure',
      parameters: {
        clientID: web.clientId,
        tenantID: '11111111-1111-1111-1111-111111111111',
        keyvaultName: 'team-a',
        objects: [
          'array:',
          '  - "objectName: db\\nobjectType: secret\\nobjectVersionHistory: 3"',
          '  - "objectName: web\\nobjectType: cert"',
          '  - "objectName: signing\\nobjectType: key"',
        ].join('\n'),
      },
    },
  },
  {
    kind: 'Pod',
    metadata: { name: 'versions' },
    spec: {
      serviceAccountName: 'web',
      containers: [{ name: 'app', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/mnt/v' }] }],
      volumes: [
        {
          name: 'v',
          csi: {
            driver: 'secrets-store.csi.k8s.io',
            readOnly: true,
            volumeAttributes: { secretProviderClass: 'versions' },
          },
        },
      ],
    },
  },
]
  .map((object) => JSON.stringify(object))
  .join('\n---\n')

const finding = podText(
  { vault: 'team-a', 'client-id': web.clientId, secrets: 'shop/=find:shop-*, db, leaf=cert/web' },
  { serviceAccountName: 'web' },
)

const settings = { AKV_INJECTOR_CSI: 'labelled' }

const externalSecrets = 'test/fixtures/external-secrets/all-kinds-of-objects/manifests.yaml'

const verify = (az: FakeAz, input: string, options: readonly string[] = []) =>
  runInProcess(['identity', '-', '--issuer', issuer, '--verify', ...options], {
    input,
    env: { PATH: az.path, ...settings },
  })

/** Prints commands and runs them. */
async function grant(az: FakeAz, input: string, options: readonly string[] = []): Promise<void> {
  const { code, stdout, stderr } = await runInProcess(
    ['identity', '-', '--issuer', issuer, ...options],
    { input, env: settings },
  )
  if (code !== 0) throw new Error(stderr)
  await runScript(stdout, { PATH: `${az.path}:/usr/bin:/bin` })
}

const withPolicies = (az: FakeAz) =>
  az.change((state) => {
    state.vaults = ['team-a', 'team-b'].map((name) => ({ name, id: vaultId(name), policies: [] }))
  })

t.test('verify finds exactly what the printed commands create', async (t) => {
  const inputs = { pod, history, finding }
  const ways = [[], ['--scope', 'object'], ['--access-policies']] as const
  for (const [name, input] of Object.entries(inputs))
    for (const options of ways)
      await t.test(`${name} ${options.join(' ')}`, async (t) => {
        const az = await startFakeAz(t.testdir(), [web])
        if (options[0] === '--access-policies') withPolicies(az)
        const verifyOptions = options[0] === '--access-policies' ? [] : options
        const before = await verify(az, input, verifyOptions)
        t.match(before, { code: 1, stdout: /missing: no federated credential/, stderr: '' })
        t.match(
          before.stdout,
          /missing: (access policy with secrets get|Key Vault Secrets User on)/,
        )
        await grant(az, input, options)
        const granted = az.commands().length
        const after = await verify(az, input, verifyOptions)
        t.match(after, { code: 0, stderr: '' }, after.stdout)
        t.match(after.stdout, /result: Azure has what the files need, and no more\n$/)
        const ran = az.commands().slice(granted)
        t.ok(ran.length >= 4)
        t.notMatch(ran.join('\n'), /create|delete|set|update/)
      })
})

t.test('verify finds a single wrong grant', async (t) => {
  const az = await startFakeAz(t.testdir(), [web])
  await grant(az, pod)
  az.change((state) => {
    const [first, ...others] = state.assignments
    state.assignments = others
    if (first !== undefined)
      state.assignments = [
        ...others,
        { ...first, role: '12338af0-0e69-4776-bea7-57ae8d297424', scope: vaultId('team-b') },
      ]
  })
  const { code, stdout } = await verify(az, pod)
  t.equal(code, 1)
  t.match(
    stdout,
    /vault team-a \(roles\):\n {2}missing: Key Vault Secrets User on the vault, to read secrets\/db, secrets\/web/,
  )
  t.match(stdout, /vault team-b \(roles\):\n {2}too much: Key Vault Crypto User on the vault: /)
  t.match(stdout, /result: 1 missing, 1 too much\n$/)
})

t.test('a role on single secrets is not enough for a find', async (t) => {
  const az = await startFakeAz(t.testdir(), [web])
  await grant(az, pod, ['--scope', 'object'])
  const { code, stdout } = await verify(az, finding, ['--scope', 'object'])
  t.equal(code, 1)
  t.match(stdout, 'missing: Key Vault Secrets User on the vault, to read secrets/*\n')
})

t.test('a find doesn’t justify a role for anything else on the vault', async (t) => {
  const az = await startFakeAz(t.testdir(), [web])
  await grant(az, finding)
  const { code, stdout } = await verify(az, finding, ['--scope', 'object'])
  t.equal(code, 1)
  t.match(
    stdout,
    'too much: Key Vault Reader on the vault: it holds for all objects of the vault\n',
  )
  t.match(stdout, /result: 1 too much\n$/)
})

t.test('ExternalSecrets and several identities are compared as well', async (t) => {
  const other = {
    clientId: '44444444-4444-4444-4444-444444444444',
    name: 'id-other',
    resourceGroup: 'rg',
  }
  const az = await startFakeAz(t.testdir(), [web, other])
  const input = podText(
    { secrets: 'team-c:db', 'client-id': other.clientId },
    { serviceAccountName: 'other' },
  )
  await grant(az, input, ['-f', externalSecrets])
  const { code, stdout } = await verify(az, input, ['-f', externalSecrets])
  t.equal(code, 0, stdout)
  for (const line of ['(id-web in rg-web)', '(id-other in rg)', 'vault team-a', 'vault team-c'])
    t.match(stdout, line)
})

t.test('without a usable Azure CLI, the result is a sentence, never a match', async (t) => {
  const absent = await runInProcess(['identity', '-', '--issuer', issuer, '--verify'], {
    input: pod,
    env: { PATH: t.testdir() },
  })
  t.match(absent, {
    code: 1,
    stdout: /Azure CLI:\n {2}not verified: the Azure CLI \(az\) isn’t installed/,
  })
  for (const [stderr, sentence] of [
    [
      "ERROR: Please run 'az login' to setup account.\n",
      /Azure CLI:\n {2}not verified: az isn’t signed in/,
    ],
    [
      'ERROR: (AuthorizationFailed) no\n',
      /not verified: az identity list failed with exit code 1: \(AuthorizationFailed\) no/,
    ],
  ] as const)
    await t.test(stderr, async (t) => {
      const az = await startFakeAz(t.testdir(), [web])
      az.change((state) => {
        state.failures = { '*': { code: 1, stderr } }
      })
      const { code, stdout } = await verify(az, pod)
      t.equal(code, 1)
      t.match(stdout, sentence)
      t.notMatch(stdout, 'matches')
      t.equal(az.commands().length, 1)
    })
})

t.test('a mistake in the files is never a match, either', async (t) => {
  const az = await startFakeAz(t.testdir(), [web])
  const input = `${podText({ secrets: 'x y z' })}\n---\n${pod}`
  await grant(az, pod)
  const { code, stdout, stderr } = await verify(az, input)
  t.match({ code, stderr }, { code: 1, stderr: /Pod\/web \(standard input\): would be denied/ })
  t.match(stdout, /result: what could be read of the files matches\n$/)
})

t.test('options that can’t go together are refused before az is run', async (t) => {
  const az = await startFakeAz(t.testdir(), [web])
  for (const [options, sentence] of [
    [['--verify'], /--verify needs --issuer URL/],
    [['--verify', '--issuer', issuer, '--access-policies'], /leave out --access-policies/],
    [['--access-policies', '--scope', 'object'], /an access policy is always for a whole vault/],
    [['--scope', 'cluster'], /Allowed choices are vault, object/],
  ] as const)
    t.match(
      await runInProcess(['identity', '-', ...options], { input: pod, env: { PATH: az.path } }),
      {
        code: 2,
        stdout: '',
        stderr: sentence,
      },
    )
  t.strictSame(az.commands(), [])
})

t.test('options reach az as values', async (t: Test) => {
  const az = await startFakeAz(t.testdir(), [web])
  const hostile = ['--vault-resource-group=--debug', '--vault-subscription=--help']
  const { stdout } = await verify(az, pod, [
    ...hostile,
    '--identity-name',
    'id-web',
    '--resource-group',
    'rg-web',
  ])
  t.match(stdout, 'missing')
  t.strictSame(
    new Set(az.commands()),
    new Set(['identity show', 'identity federated-credential list', 'keyvault show']),
  )
})

t.test('the report is the one that docs/aks.md shows', async (t) => {
  const shop = { clientId: web.clientId, name: 'shop-web', resourceGroup: 'shop' }
  const az = await startFakeAz(t.testdir(), [shop])
  const input = podText(
    { vault: 'shop-kv', 'client-id': web.clientId, secrets: 'db-password, key/signing' },
    { serviceAccountName: 'web' },
  )
  await grant(az, input)
  az.change((state) => {
    state.assignments = state.assignments.slice(0, 1).map((assignment) => ({
      ...assignment,
      role: '12338af0-0e69-4776-bea7-57ae8d297424',
    }))
  })
  const { stdout } = await verify(az, input)
  const page = readFileSync('docs/aks.md', 'utf8')
  t.match(page, `\n\`\`\`\n${stdout}\`\`\`\n`)
})
