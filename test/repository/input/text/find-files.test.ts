import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findFiles } from '../../../../repository/input/text/find-files.ts'

const find = (paths: readonly string[], bounds?: object) =>
  findFiles(paths, {
    command: 'check',
    ...(bounds && { bounds: { maxEntries: 100, maxFiles: 100, maxDepth: 3, ...bounds } }),
  })

t.test('a folder stands for the manifests in it and below', async (t) => {
  const folder = t.testdir({
    'b.yaml': '',
    'a.yml': '',
    'readme.md': '',
    below: { 'c.JSON': '', further: { 'd.yaml': '' } },
  })
  t.strictSame(find([folder, '-', `${folder}/b.yaml`, 'none.yaml']), {
    files: [
      ...['a.yml', 'b.yaml', 'below/c.JSON', 'below/further/d.yaml'].map((name) =>
        join(folder, name),
      ),
      '-',
      'none.yaml',
    ],
    named: new Set(['-', `${folder}/b.yaml`, 'none.yaml']),
    skipped: [],
    unrendered: [],
    templates: [],
    unseen: [],
    errors: [],
  })
})

t.test(
  'links and templates are skipped and named, and hidden files and packages of Node.js aren’t',
  async (t) => {
    const folder = t.testdir({
      'a.yaml': '',
      '.hidden.yaml': '',
      '.git': { 'x.yaml': '' },
      node_modules: { 'package.json': '' },
      chart: { 'Chart.yaml': '', templates: { 'x.yaml': '' } },
      'over lay': { 'kustomization.yaml': '', 'patch.yaml': '' },
    })
    symlinkSync('.', join(folder, 'loop'))
    symlinkSync('a.yaml', join(folder, 'link.yaml'))
    const { files, skipped, unrendered, errors } = find([folder])
    t.strictSame(files, [join(folder, 'a.yaml')])
    t.strictSame(errors, [])
    t.match(
      skipped.map(({ path, reason }) => `${path.slice(folder.length + 1)}: ${reason}`),
      [
        /^chart: is a Helm chart; render it first: helm template NAME (?:\S+\/chart|FOLDER) \| akv-injector check -$/,
        'link.yaml: is a symbolic link, which is followed only if you name it',
        'loop: is a symbolic link, which is followed only if you name it',
        'over lay: is a Kustomize folder; render it first: kubectl kustomize FOLDER | akv-injector check -',
      ],
    )
    t.strictSame(unrendered, [
      { path: join(folder, 'chart'), kind: 'chart' },
      { path: join(folder, 'over lay'), kind: 'kustomization' },
    ])
    t.strictSame(find([join(folder, 'link.yaml')]).files, [join(folder, 'link.yaml')])
  },
)

t.test('naming a chart’s folder itself is an error', async (t) => {
  const folder = t.testdir({ 'Chart.yaml': '', templates: { 'x.yaml': '{{' } })
  const { files, errors } = find([folder])
  t.strictSame(files, [])
  t.match(errors, [{ message: `${folder}: is a Helm chart; render it first: helm template NAME` }])
})

t.test('the search for files is bounded in count and depth', async (t) => {
  const folder = t.testdir()
  for (const name of ['1', '2', '3']) writeFileSync(join(folder, `${name}.yaml`), '')
  t.match(find([folder], { maxFiles: 2 }), {
    files: { length: 0 },
    errors: [{ message: /has more than 2 manifests or 100 files; name the folders/ }],
  })
  t.equal(find([folder], { maxEntries: 2 }).errors.length, 1)
  mkdirSync(join(folder, 'a/b/c/d/e'), { recursive: true })
  t.match(find([folder], {}).skipped, [
    { path: join(folder, 'a/b/c/d'), reason: 'it is more than 3 folders deep' },
  ])
})
