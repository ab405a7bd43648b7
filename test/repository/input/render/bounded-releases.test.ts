import t, { type Test } from 'tap'
import { writeFakeRenderers } from '../../../support/fake-renderers.ts'
import { makeFolder } from '../../../support/repository.ts'
import { runInFolder } from '../../../support/run-in-folder.ts'

/** Checks a repository with a chart and these objects, and counts the runs of Helm for releases. */
async function check(t: Test, objects: string) {
  const { pathOf } = makeFolder(t, {
    'repository/.git/HEAD': '',
    'repository/charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    'repository/a.yaml': objects,
    'fakes/.keep': '',
  })
  const fakes = writeFakeRenderers(pathOf('fakes'), { helm: ':' })
  const { code, stderr } = await runInFolder(pathOf('repository'), ['check', '.'], {
    PATH: fakes.path,
  })
  const releases = fakes.runs().filter(([, , name]) => name?.includes('/') === false)
  return { code, stderr, releases: releases.length }
}

const release = (more: string, namespace = 'shop', chart = './charts/web') =>
  `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: ${namespace} }
spec: { chart: { spec: { chart: ${chart}, sourceRef: { kind: GitRepository } } }, values: ${more} }
`

const set = (generator: string, valueFiles = '') =>
  `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: web }
spec:
  generators: [${generator}]
  template:
    metadata: { name: web }
    spec: { source: { path: charts/web, helm: { ignoreMissingValueFiles: true, valueFiles: [${valueFiles}] } } }
`

const folders = (count: number) => `{ git: { directories: [${'{ path: "*" },'.repeat(count)}] } }`
const list = '{ list: { elements: [{ a: b }] } }'

t.test('releases of a usual size are rendered', async (t) => {
  for (const text of [release('{ a: b }'), set(folders(100)), set(list, 'a,'.repeat(100))])
    t.match(await check(t, text), { code: 0, stderr: '', releases: 1 }, text.slice(0, 300))
})

t.test('what no API server accepts, or asks for too much, is named as unread', async (t) => {
  for (const text of [
    release('&a { b: *a }'),
    release(`${'['.repeat(200)}${']'.repeat(200)}`),
    set('{ list: { elements: [&a { b: *a }] } }'),
    set(folders(101)),
    set(list, 'a,'.repeat(101)),
  ]) {
    const found = await check(t, text)
    t.match(found, { code: 0, releases: 0 }, text.slice(0, 300))
    t.match(found.stderr, /^skipped a\.yaml: what \w+\/web becomes isn't read/m)
  }
})

t.test('a release of the same name in another namespace hides none', async (t) => {
  const both = [release('{}', 'dev'), release('{}', 'prod', './elsewhere')]
  for (const text of [both.join('---\n'), both.toReversed().join('---\n')]) {
    const { stderr, releases } = await check(t, text)
    t.equal(releases, 1)
    t.match(stderr, /what HelmRelease\/web .*isn't read/)
  }
})

t.test('objects that ask for too much together end soon, and are named', async (t) => {
  const elements = Array.from({ length: 900 }, (_, i) => `{ a: e${i} }`).join()
  const large = set(
    `{ list: { elements: [${elements}] } }`,
    Array.from({ length: 100 }, (_, i) => `"{{a}}/${i}.yaml"`).join(),
  )
  const many = Array.from({ length: 3 }, (_, i) => large.replace('name: web', `name: set${i}`))
  const { code, stderr, releases } = await check(t, [set(list), ...many].join('---\n'))
  t.equal(code, 0)
  t.equal(releases, 1, 'the first one is rendered')
  t.match(stderr, /what ApplicationSet\/set\d and \d more become isn't read/)
})
