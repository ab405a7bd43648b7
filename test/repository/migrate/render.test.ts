import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { classText, podText } from '../../support/csi-texts.ts'
import { writeFakeRenderers } from '../../support/fake-renderers.ts'
import type { Texts } from '../../support/repository.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const inNamespace = (namespace: string) =>
  `${classText('team-a')}---\n${podText()}`.replaceAll('namespace: shop', `namespace: ${namespace}`)

const files = {
  'base/kustomization.yaml': 'resources: [web.yaml]\n',
  'base/web.yaml': inNamespace('base'),
  'overlays/shop/kustomization.yaml': 'namespace: shop\nresources: [../../base]\n',
  // What the fake kustomize prints.
  'overlays/shop/rendered.txt': inNamespace('shop'),
  'other.yaml': inNamespace('other'),
}

function setUp(t: Test, programs: Readonly<Record<string, string>>, more: Texts = {}) {
  const folder = t.testdir({ repository: {}, programs: {} })
  for (const [path, text] of Object.entries({ ...files, ...more })) {
    const file = join(folder, 'repository', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  const { path } = writeFakeRenderers(join(folder, 'programs'), programs)
  return (...args: readonly string[]) =>
    runInProcess(['migrate', join(folder, 'repository'), ...args], { env: { PATH: path } })
}

t.test('--render prints what a folder becomes, and migrates it', async (t) => {
  const migrate = setUp(t, { kustomize: '' })
  const { code, stdout, stderr } = await migrate('--render')
  t.equal(code, 0)
  t.equal(stderr, '')
  t.strictSame(
    [...stdout.matchAll(/namespace: (\w+)/g)].map(([, namespace]) => namespace),
    ['other', 'shop'],
    'the base is read as a part of its overlay',
  )
  t.equal(stdout.match(/akv-injector\.io\/mount-path: \/kv/g)?.length, 2)
  t.notMatch(stdout, 'SecretProviderClass')
})

t.test('a chart is rendered for each of its releases', async (t) => {
  const release = (namespace: string) =>
    `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: ${namespace} }
spec: { chart: { spec: { chart: ./charts/web, sourceRef: { kind: GitRepository } } } }
`
  const migrate = setUp(
    t,
    { kustomize: '', helm: `/bin/sed "s/namespace: shop/namespace: $6/" "$3/rendered.txt"` },
    {
      '.git/HEAD': '',
      'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'charts/web/rendered.txt': inNamespace('shop'),
      'clusters/dev.yaml': release('dev'),
      'clusters/prod.yaml': release('prod'),
    },
  )
  const { code, stdout, stderr } = await migrate('--render')
  t.equal(code, 0, stderr)
  t.strictSame(
    [...stdout.matchAll(/namespace: (\w+)/g)].map(([, namespace]) => namespace),
    ['other', 'dev', 'prod', 'shop'],
    'the chart isn’t rendered with its own values alone',
  )
})

t.test('a release whose chart isn’t here is named', async (t) => {
  const migrate = setUp(
    t,
    { kustomize: '', helm: '' },
    {
      'release.yaml': `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: shop }
spec: { chart: { spec: { chart: web, sourceRef: { kind: HelmRepository, name: charts } } } }
`,
    },
  )
  t.match(
    (await migrate('--render')).stderr,
    /what HelmRelease\/web becomes isn't read; to read it: flux-local build hr web -n shop --path \. \| akv-injector migrate -/,
  )
  t.notMatch((await migrate()).stderr, 'HelmRelease')
})

t.test('without --render, the overlay is not read, and a line says so', async (t) => {
  const migrate = setUp(t, { kustomize: '' })
  const { stdout, stderr } = await migrate()
  t.notMatch(stdout, 'namespace: shop')
  t.match(stderr, 'overlays/shop')
})

t.test('a folder that can’t be rendered is an error, and nothing is printed', async (t) => {
  const migrate = setUp(t, {})
  const { code, stdout, stderr } = await migrate('--render')
  t.equal(code, 2)
  t.equal(stdout, '')
  t.match(
    stderr,
    /overlays\/shop: can't be rendered, because kustomize or kubectl isn't on the PATH/,
  )
})

t.test('what is rendered can’t be written', async (t) => {
  const migrate = setUp(t, { kustomize: '' })
  for (const option of ['--write', '--dry-run']) {
    const { code, stderr } = await migrate('--render', option)
    t.equal(code, 2)
    t.match(stderr, 'because what is rendered is in no file')
  }
  t.match((await migrate('--values', 'x.yaml')).stderr, '--values needs --render')
})
