// Standard error names what isn't read: one line for each reason, and nothing that nobody misses.

import { mkdirSync, symlinkSync } from 'node:fs'
import t from 'tap'
import { classText } from '../support/csi-texts.ts'
import { without } from '../support/needs/without.ts'
import { makeFolder, type Texts } from '../support/repository.ts'

const release =
  'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: web, namespace: shop }\n'
const pod =
  'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { containers: [{ name: a, image: a }] }\n'
const ofRelease =
  "skipped z.yaml: what HelmRelease/web becomes isn't read; to read it: flux-local build hr web -n shop --path . | akv-injector check -"

const times = (count: number, make: (i: number) => readonly [string, string]): Texts =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => make(i)))

const linesOf = (stderr: string): readonly string[] => stderr.split('\n').filter(Boolean)

t.test('folders that are skipped for similar reasons have one line', async (t) => {
  const { run } = makeFolder(t, {
    ...times(30, (i) => [`charts/${i}/Chart.yaml`, 'name: a\n']),
    ...times(30, (i) => [`overlays/${i}/kustomization.yaml`, '']),
    'z.yaml': release,
  })
  const lines = [
    ofRelease,
    /^skipped charts\/0, and 29 more for similar reasons: is a Helm chart; render it first: helm template NAME \S*charts\/0 \| akv-injector \w+ -$/,
    /^skipped overlays\/0, and 29 more for similar reasons: is a Kustomize folder; render it first: kubectl kustomize \S*overlays\/0 \| akv-injector \w+ -$/,
    'to list all 61 skipped paths: akv-injector check --output json',
  ]
  const { stderr } = await run(['check', '--no-render'])
  t.match(linesOf(stderr), lines)
  t.equal(linesOf(stderr).length, lines.length)
  const { skipped } = JSON.parse((await run(['check', '--no-render', '-o', 'json'])).stdout)
  t.equal(skipped.length, 61)
  for (const one of skipped) t.strictSame(Object.keys(one), ['path', 'reason'])
  const { stderr: ofIdentity } = await run(['identity', '--no-render'])
  t.match(linesOf(ofIdentity).slice(1, lines.length), lines.slice(1))
})

t.test(
  'so have those that need something from elsewhere',
  { skip: without('kustomize-or-kubectl') },
  async (t) => {
    const { run } = makeFolder(t, {
      ...times(5, (i) => [
        `a/${i}/kustomization.yaml`,
        `resources: ["https://example.com/${i}"]\n`,
      ]),
      'b/base/kustomization.yaml': '',
      'b/dev/kustomization.yaml': 'resources: [../base, "https://example.com/b"]\n',
      ...times(3, (i) => [`c/${i}/kustomization.yaml`, `resources: [no-${i}.yaml, no/]\n`]),
      'd/kustomization.yaml': 'helmCharts: [{ name: a }]\n',
      'pod.yaml': pod,
    })
    const { stderr } = await run(['check'])
    t.match(linesOf(stderr), [
      /^skipped a\/0, and 6 more for similar reasons: can't be rendered: a\/0\/kustomization\.yaml:1:13: refers to https:\/\/example\.com\/0, and nothing is fetched; render the folder yourself, and pass the result$/,
      /^skipped c\/0, and 2 more for similar reasons: can't be rendered: c\/0\/kustomization\.yaml:1:\d+: refers to no-0\.yaml, which does not exist here$/,
      /^skipped d: can't be rendered: /,
      'to list all 11 skipped paths: akv-injector check --output json',
    ])
  },
)

t.test(
  'what Flux and Argo CD make is named first, however many other reasons there are',
  async (t) => {
    const broken = (lines: number) =>
      `apiVersion: v1\nkind: ServiceAccount\n${'# c\n'.repeat(lines)}a: { azure.workload.identity/client-id: x\n`
    const { run } = makeFolder(t, {
      ...times(20, (i) => [`a${i}.yaml`, broken(i)]),
      'z.yaml': release,
    })
    const { stderr } = await run(['check', '--no-render'])
    const [first, ...others] = linesOf(stderr)
    t.equal(first, ofRelease)
    t.equal(others.length, 10)
    t.equal(others.at(-1), 'to list all 21 skipped paths: akv-injector check --output json')
  },
)

t.test(
  'a link to what is read anyway has no line, and those to other places have one',
  async (t) => {
    const { run, pathOf } = makeFolder(t, {
      'all/a.yaml': pod,
      'all/docs/readme.yaml': 'a: 1\n',
      'all/node_modules/kv.yaml': classText('v'),
      'all/note.txt': 'a: 1\n',
      'elsewhere/b.yaml': 'a: 1\n',
    })
    const check = () => run(['check', '--no-render', '--strict'], ['all'])
    mkdirSync(pathOf('all/links'))
    symlinkSync('../docs', pathOf('all/links/docs'))
    symlinkSync('../a.yaml', pathOf('all/links/a.yaml'))
    symlinkSync('nowhere', pathOf('all/links/nowhere.yaml'))
    const before = await check()
    t.match(before, { code: 0, stderr: /^$/ })
    for (const name of ['one', 'two.yaml', 'three.yaml'])
      symlinkSync('../../elsewhere', pathOf(`all/links/${name}`))
    symlinkSync('../note.txt', pathOf('all/links/note.yaml'))
    const { code, stdout, stderr } = await check()
    t.strictSame({ code, stdout }, { code: 0, stdout: before.stdout })
    t.strictSame(linesOf(stderr), [
      'skipped all/links/note.yaml and 3 more: is a symbolic link, which is followed only if you name it',
      'to list all 4 skipped paths: akv-injector check --output json',
    ])
  },
)

t.test('a link to a file that doesn’t have the name of a manifest is searched', async (t) => {
  const { run, pathOf } = makeFolder(t, { 'a.yaml': pod, 'kv.txt': classText('v') })
  symlinkSync('kv.txt', pathOf('kv.yaml'))
  t.match(await run(['check', '--no-render', '--strict']), {
    code: 1,
    stdout:
      /^warning: kv\.yaml:2: has a SecretProviderClass, and isn't checked; skipped kv\.yaml: /,
  })
})
