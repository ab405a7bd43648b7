import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { createPlaceholders } from '../../../repository/input/placeholders/placeholders.ts'
import { reviewTemplate } from '../../../repository/input/review-template.ts'
import { readFile } from '../../../repository/migrate/content/read-input.ts'
import { findBuilds } from '../../../repository/migrate/kustomize/builds.ts'
import { podView } from '../../../repository/migrate/plan/pod-view.ts'
import { programPath, without } from '../../support/needs/without.ts'
import { makeRepository, type Texts } from '../../support/repository.ts'
import { policy } from '../../webhook/core/policy.ts'

const classText = (vault: string, more = ''): string => `apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata:
  name: kv
spec:
  provider: azure
  parameters:
    clientID: 22222222-2222-2222-2222-222222222222
    keyvaultName: ${vault}
    objects: |
      - { objectName: db, objectType: secret }
${more}`
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
    spec:
      serviceAccountName: web
      containers:
        - name: app
          image: app
          volumeMounts:
            - { name: kv, mountPath: /kv/ }
            - { name: data, mountPath: /data }
      volumes:
        - { name: data, emptyDir: {} }
        - name: kv
          csi:
            driver: secrets-store.csi.k8s.io
            volumeAttributes: { secretProviderClass: kv }
`
const patch = (kind: string, spec: string, apiVersion = 'apps/v1') => `apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: ${kind === 'Deployment' ? 'web' : 'kv'} }
spec: ${spec}
`
const kustomization = (...lines: readonly string[]) => `${lines.join('\n')}\n`
const resources = (...names: readonly string[]) => `resources: [${names.join(', ')}]`
const overlay = (...lines: readonly string[]) => kustomization(resources('../../base'), ...lines)

/** A base with the class, and two overlays without any. */
const plain: Texts = {
  'base/kustomization.yaml': kustomization(resources('web.yaml', 'kv.yaml')),
  'base/web.yaml': deployment,
  'base/kv.yaml': classText('team-vault'),
  'overlays/dev/kustomization.yaml': overlay(),
  'overlays/prod/kustomization.yaml': overlay(
    'namePrefix: prod-',
    'patches: [{ path: more.yaml }]',
  ),
  'overlays/prod/more.yaml': patch(
    'Deployment',
    '{ replicas: 3, template: { spec: { containers: [{ name: app, resources: {} }] } } }',
  ),
}

t.test('resources of Kustomize folders are edited, and patches aren’t', async (t) => {
  const { run, texts } = makeRepository(t, plain)
  const { code, stdout, stderr } = await run(['migrate', '--write'])
  t.equal(code, 0, stderr)
  t.match(stdout, '2 files changed, 0 added, 0 deleted; 1 pod migrated, 1 object removed')
  const after = texts()
  t.match(after['base/web.yaml'], 'akv-injector.io/vault: team-vault')
  t.equal(after['base/kv.yaml'], '', 'an empty file, because Kustomize fails if it is missing')
  t.equal(after['overlays/prod/more.yaml'], plain['overlays/prod/more.yaml'])
  t.notMatch(stderr, 'more.yaml', 'it has nothing of ours')
})

t.test('what an overlay changes or doesn’t show stays', async (t) => {
  const file = 'overlays/dev/kustomization.yaml'
  const change = `changed by a patch of ${file}`
  for (const [lines, reason] of [
    [['patches: [{ path: kv-patch.yaml }]'], change],
    [['patchesStrategicMerge: [kv-patch.yaml]'], change],
    [['patches:', '- target: { kind: SecretProviderClass }', '  path: json-patch.yaml'], change],
    [['patches:', '- target: { kind: Deployment, name: w.* }', '  path: json-patch.yaml'], change],
    [['patches:', '- target: { labelSelector: app }', '  path: json-patch.yaml'], change],
    [['patches: [{ path: sidecar.yaml }]'], change],
    [['patches: [{ path: missing.yaml }]'], change],
    [['replacements: []'], `may be changed by replacements of ${file}`],
    [['components: [../../component]'], change],
  ] as const) {
    const { run, texts } = makeRepository(t, {
      ...plain,
      [file]: overlay(...lines),
      'overlays/dev/kv-patch.yaml': patch(
        'SecretProviderClass',
        '{ parameters: { keyvaultName: dev-vault } }',
        'secrets-store.csi.x-k8s.io/v1',
      ),
      'overlays/dev/json-patch.yaml': '[{ op: replace, path: /spec/parameters/a, value: b }]\n',
      'overlays/dev/sidecar.yaml': patch(
        'Deployment',
        '{ template: { spec: { containers: [{ name: sidecar, image: sidecar }] } } }',
      ),
      'component/kustomization.yaml': kustomization(
        'patches: [{ path: ../overlays/dev/kv-patch.yaml }]',
      ),
    })
    const before = texts()
    const { code, stderr } = await run(['migrate', '--write'])
    t.equal(code, 0)
    t.match(stderr, reason, lines.join(' '))
    const after = texts()
    for (const [path, text] of Object.entries(before)) t.equal(after[path], text, path)
  }
})

t.test('a class whose users aren’t all read isn’t removed', async (t) => {
  const web = { 'k8s/kv.yaml': classText('team-vault'), 'k8s/web.yaml': deployment }
  const chart = {
    'charts/app/Chart.yaml': 'name: app\n',
    'charts/app/templates/web.yaml': '{{ toYaml .Values }} # secretProviderClass\n',
  }
  const release = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: other }
spec: { values: { volumes: [{ csi: { volumeAttributes: { secretProviderClass: kv } } }] } }
`
  for (const [files, reason] of [
    [{ ...web, ...chart }, "charts/app isn't rendered, and may need it"],
    [{ ...web, 'k8s/release.yaml': release }, 'HelmRelease/other (k8s/release.yaml) names it'],
    [
      { ...web, 'other/bad.yaml': 'secretProviderClass: kv\na: [\n' },
      "other/bad.yaml can't be read",
    ],
    [
      {
        ...plain,
        'base/kustomization.yaml': kustomization(
          resources('web.yaml', 'kv.yaml', 'https://example.com/x'),
        ),
      },
      "https://example.com/x in base/kustomization.yaml isn't read",
    ],
  ] as const) {
    const { run, texts } = makeRepository(t, files)
    const { stderr } = await run(['migrate', '--write'])
    t.ok(stderr.includes(`SecretProviderClass/kv`) && stderr.includes(reason), stderr)
    const path = 'k8s/kv.yaml' in files ? 'k8s' : 'base'
    t.equal(texts()[`${path}/kv.yaml`], classText('team-vault'))
    t.match(texts()[`${path}/web.yaml`], 'akv-injector.io/vault: team-vault')
  }
  const unrelated = { ...web, ...chart, 'charts/app/templates/web.yaml': '{{ toYaml .Values }}\n' }
  const { run, texts } = makeRepository(t, unrelated)
  await run(['migrate', '--write'])
  t.notOk('k8s/kv.yaml' in texts())
})

t.test('a file that can’t be read may have another definition', async (t) => {
  const { run, texts } = makeRepository(t, {
    'dev/web.yaml': deployment,
    'dev/kv.yaml': `${classText('dev-vault')}a: [\n`,
    'prod/web.yaml': deployment,
    'prod/kv.yaml': classText('prod-vault'),
  })
  const { code, stderr } = await run(['migrate', '--write'])
  t.equal(code, 2)
  t.match(
    stderr,
    "Deployment/web (dev/web.yaml): stays as it is: volume kv, SecretProviderClass kv: may have another definition in dev/kv.yaml, which can't be read",
  )
  t.equal(texts()['dev/web.yaml'], deployment)
  t.match(texts()['prod/web.yaml'], 'akv-injector.io/vault: prod-vault')
})

/** Each overlay has a class of its own. */
const perOverlay: Texts = {
  'base/kustomization.yaml': kustomization(resources('web.yaml')),
  'base/web.yaml': deployment,
  ...Object.fromEntries(
    ['dev', 'prod'].flatMap((name) => [
      [`overlays/${name}/kustomization.yaml`, kustomization(resources('../../base', 'kv.yaml'))],
      [`overlays/${name}/kv.yaml`, classText(`${name}-vault`)],
    ]),
  ),
}

t.test('a base whose overlays have different classes gets a patch for each', async (t) => {
  const { run, texts, commit } = makeRepository(t, perOverlay)
  const { code, stderr } = await run(['migrate', '--write'])
  t.equal(code, 0)
  const after = texts()
  for (const [path, text] of Object.entries(perOverlay)) t.equal(after[path], text, path)
  t.match(
    stderr,
    'Deployment/web (base/web.yaml): stays as it is: volume kv, SecretProviderClass kv: is defined differently in',
  )
  t.match(
    stderr,
    'Deployment/web (base/web.yaml): add "- path: migrate-deployment-web.yaml" to the patches of overlays/prod/kustomization.yaml',
  )
  t.strictSame(parse(after['overlays/prod/migrate-deployment-web.yaml'] ?? ''), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      template: {
        metadata: {
          annotations: {
            'akv-injector.io/vault': 'prod-vault',
            'akv-injector.io/objects': '- { objectName: db, objectType: secret }\n',
            'akv-injector.io/client-id': '22222222-2222-2222-2222-222222222222',
            'akv-injector.io/mount-path': '/kv',
          },
        },
        spec: {
          containers: [{ name: 'app', volumeMounts: [{ $patch: 'delete', mountPath: '/kv/' }] }],
          volumes: [{ $patch: 'delete', name: 'kv' }],
        },
      },
    },
  })
  commit()
  t.match(await run(['migrate', '--write']), { code: 0, stdout: /nothing to change/ })
  t.strictSame(texts(), after)
})

t.test('a patch gives the pods of its overlay what they had', async (t) => {
  const { run, texts, pathOf } = makeRepository(t, perOverlay)
  await run(['migrate', '--write'])
  for (const name of ['dev', 'prod']) {
    const base = parse(texts()['base/web.yaml'] ?? '')
    const merge = parse(texts()[`overlays/${name}/migrate-deployment-web.yaml`] ?? '')
    const patched = strategicMerge(base, merge)
    t.equal(viewIn([base, classText(`${name}-vault`)]), viewIn([patched]))
    t.not(viewIn([base, classText('other-vault')]), viewIn([patched]))
    t.match(viewIn([patched]), `${name}-vault`)
  }
  const build = (name: string) =>
    spawnSync(programPath('kustomize'), ['build', pathOf(`overlays/${name}`)], { encoding: 'utf8' })
  const withoutKustomize = without('kustomize')
  t.pass('Kustomize is asked, too', { skip: withoutKustomize })
  if (withoutKustomize) return
  for (const name of ['dev', 'prod']) {
    const before = build(name).stdout
    const file = pathOf(`overlays/${name}/kustomization.yaml`)
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8')}patches: [{ path: migrate-deployment-web.yaml }]\n`,
    )
    const after = build(name)
    t.equal(after.status, 0, after.stderr)
    t.match(after.stdout, `akv-injector.io/vault: ${name}-vault`)
    t.equal(viewIn([after.stdout]), viewIn([before]))
  }
})

/** As Kustomize merges the lists of a pod: by their merge keys. */
function strategicMerge(value: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) {
    const keyOf = (item: Readonly<Record<string, unknown>>) => item['mountPath'] ?? item['name']
    const list = Array.isArray(value) ? value : []
    return list.flatMap((item) => {
      const change = patch.find((other) => keyOf(other) === keyOf(item))
      if (change?.['$patch'] === 'delete') return []
      return change ? strategicMerge(item, change) : item
    })
  }
  if (typeof patch !== 'object' || patch === null) return patch
  const merged = { ...(value as object) } as Record<string, unknown>
  for (const [key, inner] of Object.entries(patch)) merged[key] = strategicMerge(merged[key], inner)
  return merged
}

/** What the first pod of the manifests gets. */
function viewIn(manifests: readonly unknown[]): string {
  const text = manifests
    .map((manifest) => (typeof manifest === 'string' ? manifest : stringify(manifest)))
    .join('---\n')
  const placeholders = createPlaceholders({ unfilled: 'kept' })
  const { templates, objects } = readFile('test', text, { namespace: 'default', placeholders })
  const [template] = templates
  if (template === undefined) throw new Error('there is no pod')
  return podView(template.pod, reviewTemplate(template, { policy, objects }))
}

t.test('a class that overlays patch gets a patch for each of them, too', async (t) => {
  const file = (vault: string) =>
    patch(
      'SecretProviderClass',
      `{ parameters: { keyvaultName: ${vault} } }`,
      'secrets-store.csi.x-k8s.io/v1',
    )
  const { run, texts } = makeRepository(t, {
    ...plain,
    'overlays/dev/kustomization.yaml': overlay('patches: [{ path: kv.yaml }]'),
    'overlays/dev/kv.yaml': file('dev-vault'),
    'overlays/prod/kustomization.yaml': overlay('patches: [{ path: more.yaml }]'),
    'overlays/test/kustomization.yaml': overlay(
      'patches:',
      '- target: { kind: SecretProviderClass, name: kv }',
      '  patch: |-',
      '    - { op: replace, path: /spec/parameters/keyvaultName, value: test-vault }',
    ),
    'overlays/twice/kustomization.yaml': kustomization(
      resources('../dev'),
      'patches: [{ path: kv.yaml }]',
    ),
    'overlays/twice/kv.yaml': file('other-vault'),
    'overlays/selected/kustomization.yaml': overlay(
      'patches: [{ path: kv.yaml, target: { kind: SecretProviderClass, labelSelector: a } }]',
    ),
    'overlays/selected/kv.yaml': file('other-vault'),
  })
  const { stderr } = await run(['migrate', '--write'])
  t.equal(texts()['base/web.yaml'], deployment)
  for (const [name, vault] of [
    ['prod', 'team-vault'],
    ['test', 'test-vault'],
  ] as const)
    t.match(
      texts()[`overlays/${name}/migrate-deployment-web.yaml`],
      `akv-injector.io/vault: ${vault}\n`,
    )
  t.match(stderr, 'is changed by a patch of overlays/')
  for (const name of ['twice', 'selected'])
    t.notOk(texts()[`overlays/${name}/migrate-deployment-web.yaml`], name)
})

t.test('a class that only some overlays have isn’t that of the base', async (t) => {
  const { 'overlays/prod/kv.yaml': _, ...rest } = perOverlay
  const { run, texts } = makeRepository(t, {
    ...rest,
    'overlays/prod/kustomization.yaml': overlay(),
  })
  const { stderr } = await run(['migrate', '--write'])
  t.equal(texts()['base/web.yaml'], deployment)
  t.match(
    stderr,
    'SecretProviderClass kv: is not part of overlays/prod/kustomization.yaml, which has this file, too',
  )
  t.ok(texts()['overlays/dev/migrate-deployment-web.yaml'])
  t.notOk(texts()['overlays/prod/migrate-deployment-web.yaml'])
})

t.test('folders that include each other end the command with a sentence', async (t) => {
  const circle: Texts = {
    ...plain,
    'base/kustomization.yaml': kustomization(resources('web.yaml', 'kv.yaml', '../overlays/dev')),
  }
  t.equal((await makeRepository(t, circle).run(['migrate', '--write'])).code, 0)
  const kustomizations = Array.from({ length: 1500 }, (_, i) => ({
    file: `${i}/kustomization.yaml`,
    folder: `/${i}`,
    resources: [`/${i + 1}`],
    components: [],
    patches: [],
    unknown: [],
    remote: [],
  }))
  t.throws(() => findBuilds(kustomizations, () => true), {
    message: /include more than 1,000,000 files up to here; name fewer folders$/,
  })
})

t.test('a name that is taken by anything is never that of a patch', async (t) => {
  const { run, pathOf, texts, git } = makeRepository(t, perOverlay)
  mkdirSync(pathOf('overlays/dev/migrate-deployment-web.yaml'))
  symlinkSync('/dev/zero', pathOf('overlays/prod/migrate-deployment-web.yaml'))
  const { code, stderr } = await run(['migrate', '--write'])
  t.equal(code, 0, stderr)
  t.ok(git('status', '--porcelain').includes('overlays/prod/migrate-deployment-web-2.yaml'))
  t.ok(texts()['overlays/dev/migrate-deployment-web-2.yaml'])
})

t.test('a patch that isn’t read as one changes anything', async (t) => {
  const harmless = patch('Deployment', '{ replicas: 3 }')
  const list = `apiVersion: v1\nkind: List\nitems:\n- ${harmless.trim().replaceAll('\n', '\n  ')}\n`
  const base = (count: number, file: string) =>
    kustomization('patches:', ...Array.from({ length: count }, () => `- path: ${file}`))
  const folders: readonly (readonly [string, Texts])[] = [
    ['patches.yaml', { 'patches.yaml': list }],
    ['patches.yaml', { 'patches.yaml': `${harmless}---\n`.repeat(1001) }],
    ['patches.yaml', { 'patches.yaml': `${harmless}# [\nx: [${'a, '.repeat(200_000)}]\n` }],
    ['/dev/stdin', {}],
    ['/dev/zero', {}],
  ]
  for (const [file, more] of folders) {
    const files = {
      ...plain,
      ...more,
      'base/kustomization.yaml': base(1, file.replace('p', '../p')),
    }
    t.equal(await keptBy(files), 'base/kustomization.yaml', file)
  }
  const many = { ...plain, 'patches.yaml': harmless }
  const kept = (count: number) =>
    keptBy({ ...many, 'base/kustomization.yaml': base(count, '../patches.yaml') })
  t.equal(await kept(1000), undefined)
  t.equal(await kept(1001), 'base/kustomization.yaml')

  async function keptBy(files: Texts): Promise<string | undefined> {
    const listed = `${resources('web.yaml', 'kv.yaml')}\n${files['base/kustomization.yaml']}`
    const { run } = makeRepository(t, { ...files, 'base/kustomization.yaml': listed })
    const { stderr } = await run(['migrate', '--dry-run'])
    return /Deployment\/web .*: it is changed by a patch of (\S+)/.exec(stderr)?.[1]
  }
})
