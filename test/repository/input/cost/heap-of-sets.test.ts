import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { writeFakeRenderers } from '../../../support/fake-renderers.ts'
import { program, startsFast } from '../../../support/start-fast/bundles.ts'

/** As many bytes as 500 ApplicationSets of 64 KB would have, if each made one Application of each of its elements. */
const sets = 60
const setBytes = 64_000
const heapMebibytes = 200

const own = 'https://git.example/shop/deploy'

function applicationSet(name: string, elements: readonly string[], source: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: ${name} }
spec:
  generators:
  - list:
      elements:
${elements.map((element) => `      - ${element}\n`).join('')}
  template:
    metadata: { name: 'x{{n}}' }
    spec:
      source: { repoURL: '${own}', ${source} }
      destination: { namespace: shop }
`
}

const elements = (set: number, count: number, path: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => `{ n: "${set}-${i}", p: ${path(i)} }`)

/** ApplicationSets whose Applications would take far more memory than the heap has, each in another way. */
const shapes: Readonly<Record<string, (set: number) => string>> = {
  'a long template for each of 60 elements': (set) =>
    applicationSet(
      `s${set}`,
      elements(set, 60, (i) => `web${i % 20}`),
      `path: 'apps/{{p}}', kustomize: { patches: [{ patch: "${'x'.repeat(setBytes - 5_000)}" }] }`,
    ),
  '1,000 elements, each with its values of a chart': (set) =>
    applicationSet(
      `s${set}`,
      elements(set, 1_000, (i) => `v${set}-${i}-${'z'.repeat(25)}`),
      `path: chart, helm: { parameters: [{ name: a, value: '{{p}}' }] }`,
    ),
  'a placeholder 10,000 times in one value': (set) =>
    applicationSet(
      `s${set}`,
      elements(set, 1, () => 'y'.repeat(1_000)),
      `path: apps/web1, kustomize: { commonLabels: { a: '${'{{p}}'.repeat(10_000)}' } }`,
    ),
}

/** What both programs print. */
const rendered = `printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: { name: a }\\n'`

t.test(`${sets} large ApplicationSets are read or named in a heap of ${heapMebibytes} MiB`, (t) => {
  for (const [name, make] of Object.entries(shapes)) {
    const folder = t.testdir({
      programs: {},
      repository: { '.git': {}, chart: { templates: {} }, apps: {} },
    })
    const repository = join(folder, 'repository')
    writeFileSync(join(repository, '.git/config'), `[remote "origin"]\n\turl = ${own}\n`)
    for (let i = 0; i < 20; i++) {
      const app = join(repository, `apps/web${i}`)
      mkdirSync(app)
      writeFileSync(join(app, 'kustomization.yaml'), 'resources: [web.yaml]\n')
      writeFileSync(
        join(app, 'web.yaml'),
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
      )
    }
    writeFileSync(join(repository, 'chart/Chart.yaml'), 'apiVersion: v2\nname: c\nversion: 1.0.0\n')
    writeFileSync(join(repository, 'chart/templates/web.yaml'), 'a: {{ .Values.a }}\n')
    let bytes = 0
    for (let i = 0; i < sets; i++) {
      const text = make(i)
      bytes += text.length
      writeFileSync(join(repository, `set${i}.yaml`), text)
    }
    t.ok(bytes > sets * 45_000, `${name}: ${bytes} bytes`)
    const { path } = writeFakeRenderers(join(folder, 'programs'), {
      kustomize: rendered,
      helm: rendered,
    })
    const { status, stderr } = spawnSync(
      process.execPath,
      [`--max-old-space-size=${heapMebibytes}`, ...startsFast, program, 'check', '.'],
      {
        ...{ cwd: repository, encoding: 'utf8', maxBuffer: 2 ** 30 },
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          PATH: `${path}${delimiter}${process.env['PATH']}`,
        },
      },
    )
    t.equal(status, 0, `${name}: ${stderr.slice(0, 300)}`)
    t.match(stderr, 'ApplicationSet', `${name}: what is left out is named`)
  }
  t.end()
})
