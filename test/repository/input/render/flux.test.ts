// Repositories of Flux, rendered with the real kustomize or kubectl.

import { symlinkSync } from 'node:fs'
import t, { type Test } from 'tap'
import { without } from '../../../support/needs/without.ts'
import { makeFolder, type Texts } from '../../../support/repository.ts'
import { podText } from '../../../support/run-command-line.ts'
import { runInFolder } from '../../../support/run-in-folder.ts'

const clientId = '22222222-2222-2222-2222-222222222222'
const pod = (vault: string) => podText({ vault, secrets: 'x', 'client-id': clientId })

const kustomization = (name: string, path: string, more = '') =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  path: ${path}
  sourceRef: { kind: GitRepository, name: flux-system }
${more}`

const settings = (vault: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: cluster-settings, namespace: flux-system }\ndata: { VAULT: ${vault}, TEAM: shop }\n`

const isSkipped = { skip: without('kustomize-or-kubectl') }

/** Checks a repository of its own. */
async function check(
  t: Test,
  files: Texts,
  { links = {}, args = [] }: { readonly links?: Texts; readonly args?: readonly string[] } = {},
) {
  const { pathOf } = makeFolder(t, { 'repository/.git/HEAD': '', ...files })
  for (const [path, target] of Object.entries(links)) symlinkSync(target, pathOf(path))
  return await runInFolder(pathOf('repository'), ['check', '.', ...args])
}

/** The lines about pods. */
const podLines = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('Pod/'))

t.test('each cluster has its own values, patches and namespaces', isSkipped, async (t) => {
  const files = Object.fromEntries(
    ['dev', 'prod'].flatMap((cluster) => [
      [`repository/clusters/${cluster}/settings.yaml`, settings(`kv-${cluster}`)],
      [`repository/clusters/${cluster}/flux-system/kustomization.yaml`, 'resources: [sync.yaml]\n'],
      [
        `repository/clusters/${cluster}/flux-system/sync.yaml`,
        kustomization('flux-system', `./clusters/${cluster}`),
      ],
      [
        `repository/clusters/${cluster}/apps.yaml`,
        kustomization(
          'apps',
          './apps',
          `  patches:
  - target: { kind: Kustomization }
    patch: |
      - op: add
        path: /spec/postBuild
        value: { substituteFrom: [{ kind: ConfigMap, name: cluster-settings }], substitute: { TEAM: "${cluster}-team" } }
`,
        ),
      ],
    ]),
  )
  const { code, stdout, stderr } = await check(t, {
    ...files,
    'repository/apps/web/ks.yaml': kustomization(
      'web',
      './apps/web/app',
      '  targetNamespace: shop\n',
    ),
    'repository/apps/kustomization.yaml': 'resources: [web/ks.yaml]\n',
    'repository/apps/web/app/pod.yaml': pod('${VAULT}').replace('"web"', '"${TEAM}-web"'),
    'repository/apps/web/app/more/kustomization.yaml': 'resources: [account.yaml]\n',
    'repository/apps/web/app/more/account.yaml':
      'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a }\n',
  })
  t.equal(code, 0, stderr)
  for (const cluster of ['dev', 'prod']) {
    t.match(stdout, `(apps/web/app (rendered for clusters/${cluster}/flux-system))`)
    t.match(stdout, `from kv-${cluster}:x`)
    t.match(stdout, `Pod/${cluster}-team-web`)
  }
  t.equal(podLines(stdout).length, 2, 'each is rendered once')
  t.notMatch(stderr, "can't be rendered")
})

t.test('a cluster’s class and its user are found together', isSkipped, async (t) => {
  const classText = (cluster: string) =>
    `apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: { name: kv, namespace: shop }\nspec: { provider: azure, parameters: { keyvaultName: kv-${cluster}, clientID: ${clientId}, tenantId: ${clientId}, objects: "array: ['{objectName: a, objectType: secret}']" } }\n`
  const { stdout } = await check(t, {
    ...Object.fromEntries(
      ['dev', 'prod'].flatMap((cluster) => [
        [
          `repository/clusters/${cluster}/all.yaml`,
          `${kustomization('stores', `./stores/${cluster}`)}---\n${kustomization('apps', './apps', '  namePrefix: a-\n')}`,
        ],
        [`repository/stores/${cluster}/kv.yaml`, classText(cluster)],
      ]),
    ),
    'repository/apps/pod.yaml':
      'apiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: shop }\nspec: { containers: [{ name: a, image: a }], volumes: [{ name: kv, csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: kv } } }] }\n',
  })
  t.notMatch(stdout, 'is defined differently')
  for (const cluster of ['dev', 'prod'])
    t.match(
      stdout,
      new RegExp(
        `Pod/a-web \\(apps \\(rendered for clusters/${cluster}\\)\\):.*(?:\\n {2}.*)*from kv-${cluster}:a`,
      ),
    )
})

t.test('moving a manifest into a rendered folder changes only places', isSkipped, async (t) => {
  const objects = [
    pod('kv-a'),
    pod('kv_a'),
    pod('kv-${ENV}'),
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, annotations: { akv-injector.io/secrets: x, akv-injector.io/vault: kv_a } }\n',
    `apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: { name: kv }\nspec: { provider: azure, parameters: { keyvaultName: kv, objects: none } }\n`,
    'apiVersion: generators.external-secrets.io/v1alpha1\nkind: Password\nmetadata: { name: a }\n',
    'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: { name: a }\nspec: { dataFrom: [{ sourceRef: { generatorRef: { kind: Password, name: a } } }] }\n',
    'apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: { name: a }\nspec: { provider: { fake: { data: [] } } }\n',
  ]
  const findings = async (files: Texts) => {
    const { code, stdout } = await check(t, files, { args: ['-o', 'json'] })
    const report = JSON.parse(stdout)
    const withoutPlace = ({ file, rendered, line, column, ...rest }: Record<string, unknown>) =>
      [file, rendered, line, column].length > 0 && {
        ...rest,
        ...('message' in rest && { message: String(rest['message']).replace(/^\S+:\d+: /, '') }),
      }
    return {
      code,
      objects: report.objects.map(withoutPlace),
      findings: report.findings.map(withoutPlace),
    }
  }
  for (const object of objects) {
    const direct = await findings({ 'repository/a.yaml': object })
    t.strictSame(
      await findings({
        'repository/app/kustomization.yaml': 'resources: [a.yaml]\n',
        'repository/app/a.yaml': object,
      }),
      direct,
    )
    const {
      code,
      objects,
      findings: found,
    } = await findings({
      'repository/cluster/apps.yaml': kustomization('apps', './app'),
      'repository/app/a.yaml': object,
    })
    const isOurs = ({ object }: { readonly object?: string }) => object !== 'Kustomization/apps'
    t.strictSame({ code, objects: objects.filter(isOurs), findings: found.filter(isOurs) }, direct)
  }
})

t.test('Kustomizations that read outside of the repository don’t', isSkipped, async (t) => {
  const outside = {
    'outside/pod.yaml': pod('kv_stolen').replace(/\bweb\b/, 'other'),
    'outside/kustomization.yaml': 'resources: [pod.yaml]\n',
    'outside/component/kustomization.yaml':
      'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [../pod.yaml]\n',
    'outside/patch.yaml':
      '- op: replace\n  path: /metadata/annotations/akv-injector.io~1vault\n  value: kv_stolen\n',
  }
  const attacks: readonly (readonly [string, Texts?, Texts?])[] = [
    [kustomization('a', '../outside')],
    [kustomization('a', './app/../../outside')],
    [kustomization('a', './link'), {}, { 'repository/link': '../outside' }],
    [kustomization('a', './app', '  components: [../../outside/component]\n')],
    [
      kustomization('a', './app', '  components: [link]\n'),
      {},
      { 'repository/app/link': '../../outside/component' },
    ],
    [
      kustomization(
        'a',
        './app',
        '  patches: [{ path: ../../outside/patch.yaml, target: { kind: Pod } }]\n',
      ),
    ],
    [
      kustomization('a', './app'),
      {
        'repository/app/more/kustomization.yaml': 'transformers: [patch.yaml]\n',
        'repository/app/more/patch.yaml':
          'apiVersion: builtin\nkind: PatchTransformer\nmetadata: { name: a }\npath: ../../../outside/patch.yaml\ntarget: { kind: Pod }\n',
      },
    ],
    [
      kustomization('a', './app'),
      { 'repository/app/more/kustomization.yaml': 'resources: [../../../outside/pod.yaml]\n' },
    ],
    [kustomization('a', './app'), {}, { 'repository/app/link.yaml': '../../outside/pod.yaml' }],
  ]
  for (const [text, files, links = {}] of attacks) {
    const { stdout, stderr } = await check(
      t,
      {
        ...outside,
        'repository/cluster/a.yaml': text,
        'repository/app/pod.yaml': pod('kv-own'),
        ...files,
      },
      { links },
    )
    t.notMatch(`${stdout}${stderr}`, 'kv_stolen', text)
    t.match(stdout, /objects? not looked at$/m)
  }
})

t.test(
  'folders of other repositories, circles and the top folder are left alone',
  isSkipped,
  async (t) => {
    const { code, stdout } = await check(t, {
      'repository/cluster/a.yaml': [
        kustomization('elsewhere', './deploy'),
        kustomization('top', './'),
        kustomization('itself', './cluster'),
      ].join('---\n'),
      'repository/app/kustomization.yaml': 'resources: [pod.yaml]\n',
      'repository/app/pod.yaml': pod('kv-own'),
    })
    t.equal(code, 0)
    t.match(podLines(stdout), [/^Pod\/web \(app \(rendered\)\): would be injected/])
  },
)
