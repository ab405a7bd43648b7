// Classes and stores of folders that aren't rendered, and objects that only other stores concern.

import t from 'tap'
import { classText, podText } from '../support/csi-texts.ts'
import { makeFolder } from '../support/repository.ts'

const remote = 'https://example.com/crds.yaml'

const store = (name: string, provider: string) =>
  `apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: { name: ${name} }
spec: { provider: ${provider} }
`

const externalSecret = (name: string) =>
  `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: ${name}, namespace: shop }
spec:
  secretStoreRef: { kind: ClusterSecretStore, name: ${name} }
  target: { name: ${name} }
  data: [{ secretKey: a, remoteRef: { key: a } }]
`

t.test('an object isn’t judged without a store or a class of a skipped folder', async (t) => {
  const { run } = makeFolder(t, {
    'infra/kustomization.yaml': `resources: [stores/all.yaml, kv.yaml, '${remote}']\n`,
    'infra/kv.yaml': classText('team-a'),
    'infra/stores/all.yaml': [
      store('other', '{ oracle: { vault: x, region: y } }'),
      store('azure', '{ azurekv: { vaultUrl: https://a.vault.azure.net } }'),
    ].join('---\n'),
    'app.yaml': ['other', 'azure', 'none'].map(externalSecret).join('---\n'),
    'web.yaml': podText(),
  })
  const { code, stdout } = await run(['check', '--no-render'])
  t.equal(code, 1, 'the third store is nowhere')
  t.match(
    stdout,
    'ExternalSecret/other (app.yaml): not synced: ClusterSecretStore other (infra/stores/all.yaml): spec.provider is not azurekv',
  )
  for (const [title, what, file] of [
    ['ExternalSecret/azure (app.yaml)', 'ClusterSecretStore azure', 'infra/stores/all.yaml'],
    ['Pod/web (web.yaml)', 'SecretProviderClass kv', 'infra/kv.yaml'],
  ])
    t.match(
      stdout,
      `${title}: undecided without ${what}\n  warning: ${what} is in ${file}, which isn't read, because infra is skipped; render that, and pass the result with these files\n`,
    )
  t.match(stdout, 'ClusterSecretStore none: is not among these files')
  t.equal(
    stdout.match(/problem: /g)?.length,
    1,
    'only of the third, whose store may name the account',
  )
})

t.test('what is wrong with the object itself is a problem all the same', async (t) => {
  const { run } = makeFolder(t, {
    'infra/kustomization.yaml': `resources: [kv.yaml, stores.yaml, '${remote}']\n`,
    'infra/kv.yaml': classText('team-a'),
    'infra/stores.yaml': store('azure', '{ azurekv: { vaultUrl: https://a.vault.azure.net } }'),
    'web.yaml': podText().replace(
      'namespace: shop\n',
      "namespace: shop\n  annotations: { akv-injector.io/refrsh: '1m' }\n",
    ),
    'app.yaml': externalSecret('azure').replace('spec:\n', 'spec:\n  refreshInterval: banana\n'),
  })
  const { code, stdout } = await run(['check', '--no-render'])
  t.equal(code, 1)
  t.match(stdout, /Pod\/web \(web.yaml\): would be denied\n.*kv is in infra\/kv.yaml, which/)
  t.match(stdout, 'akv-injector.io/refrsh: unknown annotation')
  t.match(stdout, 'ExternalSecret/azure (app.yaml): would not be synced')
  t.match(stdout, 'spec.refreshInterval "banana"')
  t.notMatch(stdout, 'among these files')
  t.notMatch(stdout, 'name no ServiceAccount')
})

t.test('only what a skipped folder has is taken as known', async (t) => {
  const twoStores = (name: string, other: string) =>
    `${externalSecret(name)}  dataFrom:
    - extract: { key: b }
      sourceRef: { storeRef: { kind: ClusterSecretStore, name: ${other} } }
`
  const twoClasses = (name: string) =>
    `${podText(name)}    - name: none
      csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: none } }
`
  const { run } = makeFolder(t, {
    'infra/kustomization.yaml': `resources: [kv.yaml, stores.yaml, '${remote}']\n`,
    'infra/kv.yaml': [classText('team-a'), classText('a', 'aws').replace('azure', 'aws')].join(
      '---\n',
    ),
    'infra/stores.yaml': [
      store('azure', '{ azurekv: { vaultUrl: https://a.vault.azure.net } }'),
      store('other', '{ oracle: { vault: x, region: y } }'),
    ].join('---\n'),
    'app.yaml': [
      twoStores('azure', 'none'),
      twoStores('azure', 'other').replace('name: azure, n', 'name: mixed, n'),
    ].join('---\n'),
    'web.yaml': [
      podText('aws', 'aws'),
      twoClasses('two'),
      podText('odd').replace(
        'namespace: shop\n',
        "namespace: shop\n  annotations: { akv-injector.io/refresh: 'is not among these files' }\n",
      ),
    ].join('---\n'),
  })
  const { stdout } = await run(['check', '--no-render'])
  const about = (title: string) => stdout.split('\n\n').find((text) => text.startsWith(title)) ?? ''
  t.match(about('ExternalSecret/azure'), /would not be synced\n.*: ClusterSecretStore azure is in /)
  t.match(about('ExternalSecret/azure'), /problem: .*ClusterSecretStore none: is not among/)
  t.notMatch(about('ExternalSecret/azure'), 'ClusterSecretStore azure: is not among')
  t.match(stdout, /^ExternalSecret\/mixed .* not synced: ClusterSecretStore other \(/m)
  t.match(
    stdout,
    /^Pod\/aws .* not injected: its SecretProviderClasses are not of the provider azure$/m,
  )
  t.match(about('Pod/two'), /would be denied\n.*SecretProviderClass kv is in /)
  t.match(about('Pod/two'), /problem: .*SecretProviderClass none: is not among/)
  t.match(about('Pod/odd'), /would be denied\n.*SecretProviderClass kv is in /)
  t.match(about('Pod/odd'), 'akv-injector.io/refresh "is not among these files"')
})

t.test('a name is of another provider only if all its definitions are', async (t) => {
  const folder = (name: string, provider: string, classProvider: string) => ({
    [`${name}/kustomization.yaml`]: `resources: [all.yaml, '${remote}']\n`,
    [`${name}/all.yaml`]: [
      store('shared', provider),
      classText('a').replace('provider: azure', `provider: ${classProvider}`),
    ].join('---\n'),
  })
  const { run } = makeFolder(t, {
    ...folder('dev', '{ oracle: { vault: x, region: y } }', 'aws'),
    ...folder('prod', '{ azurekv: { vaultUrl: https://a.vault.azure.net } }', 'azure'),
    'app.yaml': externalSecret('shared'),
    'push.yaml': externalSecret('shared').replace('kind: ExternalSecret', 'kind: PushSecret'),
    'web.yaml': podText(),
  })
  const { stdout } = await run(['check', '--no-render'])
  t.match(stdout, /^ExternalSecret\/shared .*: undecided without/m)
  t.match(stdout, /^PushSecret\/shared .*: not served\n {2}problem/m)
  t.match(stdout, /^Pod\/web .*: undecided without/m)
})

t.test('a definition that is read counts, also in a folder that is skipped', async (t) => {
  const { run } = makeFolder(t, {
    'k/kustomization.yaml': `resources: ['${remote}']\n`,
    'k/kv.yaml': classText('team-a'),
    'web.yaml': podText(),
  })
  const { code, stdout, stderr } = await run(['check', '--render'])
  t.match(stdout, 'Pod/web (web.yaml): would be served')
  t.match(stderr, /k\/kustomization.yaml:1:\d+: refers to/)
  t.equal(code, 2)
  t.notMatch(stdout, "isn't checked", 'kv.yaml is read, so there is nothing to warn of')
})

t.test('a file that only uses classes defines none', async (t) => {
  const { run } = makeFolder(t, {
    'kv.yaml': classText('team-a'),
    'load/pod.yaml': podText().replace('name: web', 'name: {{.Name}}'),
    'load/web.yaml': podText(),
  })
  const { code, stdout } = await run(['check'])
  t.match(stdout, 'load/pod.yaml:')
  t.match(stdout, 'Pod/web (load/web.yaml): would be served')
  t.equal(code, 0)
})

t.test(
  'other kinds of the operator matter if one of their stores may be of Key Vault',
  async (t) => {
    const push = (name: string) =>
      `apiVersion: external-secrets.io/v1alpha1
kind: PushSecret
metadata: { name: ${name}, namespace: shop }
spec: { secretStoreRefs: [{ kind: ClusterSecretStore, name: other }, { kind: ClusterSecretStore, name: ${name} }] }
`
    const { run } = makeFolder(t, {
      'a.yaml': [
        store('other', '{ webhook: { url: https://x } }'),
        store('azure', '{ azurekv: { vaultUrl: https://a.vault.azure.net } }'),
        ...['other', 'azure', 'none'].map(push),
        `apiVersion: external-secrets.io/v1
kind: ClusterExternalSecret
metadata: { name: all }
spec: { externalSecretSpec: { secretStoreRef: { kind: ClusterSecretStore, name: other } } }
`,
        'apiVersion: operator.external-secrets.io/v1alpha1\nkind: OperatorConfig\nmetadata: { name: cluster }\n',
      ].join('---\n'),
    })
    const { code, stdout } = await run(['check'])
    t.equal(code, 1)
    const left = 'not served: none of the stores is of Key Vault; leave it to the operator'
    for (const title of ['PushSecret/other', 'ClusterExternalSecret/all'])
      t.match(stdout, `${title} (a.yaml): ${left}`)
    for (const title of ['PushSecret/azure', 'PushSecret/none'])
      t.match(stdout, `${title} (a.yaml): not served\n  problem: PushSecret of`)
    t.match(stdout, '1 OperatorConfig')
    t.equal(stdout.match(/problem: \w+ of/g)?.length, 2)
  },
)

t.test('a template by its name is searched', async (t) => {
  for (const name of ['kv.yml.tpl', 'kv.yaml.j2', 'kv.yaml.tmpl']) {
    const { run } = makeFolder(t, { 'a.yaml': 'a: 1\n', [name]: classText('team-a') })
    for (const command of [
      ['check', '--strict'],
      ['migrate', '--strict'],
    ]) {
      const { code, stdout, stderr } = await run(command)
      t.equal(code, 1, name)
      t.match(
        `${stdout}${stderr}`,
        `${name}:2: has a SecretProviderClass, and isn't checked; skipped ${name}: is a template; fill it in first`,
      )
    }
  }
  const { run } = makeFolder(t, {
    'a.yaml': podText(),
    'b.yaml.tpl': 'a: 1\n',
    'kv.yaml': classText('a'),
  })
  const { stdout, stderr } = await run(['check'])
  t.notMatch(`${stdout}${stderr}`, 'b.yaml.tpl')
})

t.test('a template changes nothing about other files', async (t) => {
  const { run } = makeFolder(t, {
    'app/kv.yaml': classText('team-a'),
    'web/web.yaml': podText(),
    't/kv.yaml.j2': classText('team-b', '"{{ name }}"'),
    't/any.yaml': classText('team-b', '{{.Name}}'),
    'web/same.yaml': classText('{{.Vault}}'),
  })
  const { code, stdout } = await run(['check'])
  t.equal(code, 0)
  t.match(stdout, 'Pod/web (web/web.yaml): would be served')
  for (const file of ['t/kv.yaml.j2', 't/any.yaml', 'web/same.yaml'])
    t.match(stdout, `warning: ${file}:2: has a SecretProviderClass`)
})

t.test('a template that is too large is named with what is read of it', async (t) => {
  const { run } = makeFolder(t, { 'a.yaml': podText(), 'b.yaml.j2': ' '.repeat(1024 * 1024 + 1) })
  t.match(
    (await run(['check'])).stdout,
    "warning: b.yaml.j2: is larger than 1 MiB, and isn't checked; skipped b.yaml.j2: is a template; fill it in first",
  )
})

t.test('a template that is named is checked, and nothing else is said of it', async (t) => {
  const { run } = makeFolder(t, { 'kv.yaml': classText('team-a'), 'web.yaml.tpl': podText() })
  const named = await run(['check', '--strict'], ['.', 'web.yaml.tpl'])
  t.match(named.stdout, 'Pod/web (web.yaml.tpl): would be served')
  t.notMatch(`${named.stdout}${named.stderr}`, "isn't checked")
  t.equal(named.code, 0)
})
