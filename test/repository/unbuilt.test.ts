// Objects of Flux and Argo CD whose folder or chart isn't in the repository are named, with the command that prints what they become.

import t, { type Test } from 'tap'
import { makeFolder, type Texts } from '../support/repository.ts'
import { runInFolder } from '../support/run-in-folder.ts'

const release = (name: string, more = '') =>
  `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: ${name}, namespace: shop, annotations: { akv-injector.io/secrets: x } }
spec:
  chart: { spec: { chart: web, sourceRef: { kind: HelmRepository, name: charts } } }
${more}`

const kustomization = (name: string, path: string, source = 'flux-system') =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name} }\nspec: { path: ${path}, sourceRef: { kind: GitRepository, name: ${source} } }\n`

const application = (name: string, source: string) =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: ${name} }\nspec: { source: { repoURL: https://git.example/a, ${source} } }\n`

const applicationSet = (name: string, path: string) =>
  `apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: ${name} }\nspec: { template: { spec: { sources: [{ path: '${path}' }] } } }\n`

async function check(t: Test, files: Texts, args: readonly string[] = []) {
  const { pathOf } = makeFolder(t, { '.git/HEAD': '', ...files })
  const { code, stdout, stderr } = await runInFolder(pathOf('.'), [
    'check',
    '.',
    '--no-render',
    ...args,
  ])
  return { code, stdout, lines: stderr.split('\n').filter((line) => line.startsWith('skipped ')) }
}

t.test('many objects of a kind are one line with a command', async (t) => {
  const { code, lines } = await check(t, {
    'a.yaml': Array.from({ length: 300 }, (_, i) => release(`web-${i}`)).join('---\n'),
  })
  t.equal(code, 0)
  t.strictSame(lines, [
    "skipped a.yaml: what HelmRelease/web-0 and 299 more become isn't read; to read it: flux-local build hr web-0 -n shop --path . | akv-injector check -",
  ])
})

t.test('the command for a Kustomization has its namespace', async (t) => {
  for (const [metadata, namespace] of [
    ['{ name: apps, namespace: team }', 'team'],
    ['{ name: apps }', 'NAMESPACE'],
  ] as const) {
    const text = kustomization('apps', './deploy').replace('{ name: apps }', metadata)
    const { lines } = await check(t, { 'a.yaml': text })
    t.match(
      lines[0],
      `: flux build kustomization apps -n ${namespace} --path FOLDER | akv-injector check -`,
    )
  }
})

t.test('only what is elsewhere is named', async (t) => {
  const elsewhere: Texts = {
    'a path of another repository': kustomization('apps', './deploy'),
    'the top of another repository': kustomization('apps', './', 'other'),
    'a path out of the repository': kustomization('apps', '../..'),
    'a remote chart': application('web', 'chart: web'),
    'a remote path': application('web', 'path: deploy'),
    'a set of remote paths': applicationSet('web', 'deploy/{{ .path.basename }}'),
  }
  const here: Texts = {
    'a path': kustomization('apps', './apps'),
    'a path that Flux keeps in the repository': kustomization('apps', '../../apps'),
    'the top': kustomization('apps', './'),
    'a path of Argo CD': application('web', 'path: apps'),
    'a set of paths': applicationSet('web', 'apps/{{ .path.basename }}'),
    'a set of any paths': applicationSet('web', '{{ .path.path }}'),
    'another group': release('web').replace('helm.toolkit.fluxcd.io', 'helm.example.com'),
  }
  for (const [title, text] of Object.entries({ ...elsewhere, ...here })) {
    const { lines } = await check(t, { 'a.yaml': text, 'apps/one/a.txt': '' })
    t.equal(lines.length, title in elsewhere ? 1 : 0, title)
  }
})

t.test('values with something to check are a warning', async (t) => {
  const { code, stdout, lines } = await check(
    t,
    {
      'a.yaml': release(
        'web',
        '  values:\n    # akv-injector.io/vault: no\n    podAnnotations:\n      akv-injector.io/vault: kv\n',
      ),
    },
    ['--strict'],
  )
  t.equal(code, 1)
  t.match(
    stdout,
    "warning: a.yaml:9: HelmRelease/web has an annotation or a label of akv-injector, and what it becomes isn't checked; to check it: flux-local build hr web -n shop --path . | akv-injector check -",
  )
  t.strictSame(lines, [])
})

t.test('a name can’t add to the command', async (t) => {
  for (const name of ['"$(x)"', '"a;b"', '"-x"', '{}', '"${NAME}"']) {
    const { lines } = await check(t, { 'a.yaml': release('web').replace('web,', `${name},`) })
    t.match(lines[0], /: flux-local build hr NAME -n shop --path \. \| akv-injector check -$/, name)
  }
})
