// Repositories have files of other programs. They change nothing that is said of manifests, and what isn't read and concerns us is a
// warning.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { createSearch } from '../../repository/input/unread/search-skipped.ts'
import { classText, podText } from '../support/csi-texts.ts'
import { numRuns } from '../support/property-runs.ts'
import { makeFolder, type Texts } from '../support/repository.ts'
import { corpusRepositories } from '../support/repository-corpus.ts'
import { podText as annotatedPod } from '../support/run-command-line.ts'
import { runInProcess } from '../support/run-in-process.ts'

const commands = [
  ['check', '--no-render', '--output', 'json', '--strict'],
  ['identity', '--no-render', '--strict'],
  ['rbac', '--no-render'],
  ['migrate'],
  ['migrate', '--dry-run'],
] as const

const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')

/** Files as other programs have them, by their names. */
const foreignFiles: Readonly<Record<string, string | Buffer>> = {
  'tsconfig.json': '// about\n{ "compilerOptions": { "strict": true, }, /* more */ }\n',
  'azuredeploy.json':
    '{ // ARM\n "resources": [{ "apiVersion": "2021-04-01", "kind": "StorageV2" }] }',
  'values.yaml': 'image: a\nimage: b\npodAnnotations: {}\n',
  'pod-values.yaml': 'web: { spec: { containers: [{ name: a }] }, template: { metadata: {} } }\n',
  'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
  'package.json': '{ "name": "app", "scripts": { "kind": "kind create cluster" } }',
  'helmfile.yaml': 'releases:\n{{- range .Values.apps }}\n  - name: {{ .name }}\n{{- end }}\n',
  'tasks.yml': '- name: install\n  copy: src={{ src }} dest={{ dest }}\n  when: {{ x }}\n',
  'mkdocs.yml': 'a: !!python/name:material.x\nb: [\n',
  'text.yaml': 'just text, with: a colon: twice\n\tand a tab\n',
  'image.yaml': Buffer.from([0, 1, 2, 255, 254, 0, 200]),
  'latin1.yml': Buffer.from('name: caf\xe9\n', 'latin1'),
  'body.json': utf16('{ "properties": {} }\r\n'),
  'empty.yaml': '',
  'comments.yaml': '# apiVersion: v1\n# kind: SecretProviderClass\n',
  'deep.json': '['.repeat(5_000),
  'bomb.yaml': `a: &a [x]\n${[...'bcdefghi'].map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]}, `.repeat(10)}]`).join('\n')}\n`,
  'tokens.json': `[${'1,'.repeat(150_000)}1]`,
  'schema.json': '{ "definitions": { "x": { "properties": { "apiVersion": {}, "kind": {} } } } }',
  '-rf.yaml': '{',
  'line\nbreak $(x) `y`.json': '{,}',
  'ключ.yml': '}{',
}

/** A folder without the files of earlier ones of the test. */
function newFolder(t: Test, files: Texts) {
  rmSync(t.testdirName, { recursive: true, force: true })
  return makeFolder(t, files)
}

/** The outputs of all commands in a folder. */
async function outputsIn(folder: string) {
  const outputs = []
  for (const command of commands) {
    const { code, stdout, stderr } = await runInProcess([...command, folder])
    outputs.push({ command, code, stdout: withoutCounts(stdout), stderr: withoutCounts(stderr) })
  }
  return outputs
}

/** Without how many files and documents were read, and in which folder all of them are. */
const withoutCounts = (text: string): string =>
  text
    .replace(/"files": \d+/, '"files": 0')
    .replace(/"notLookedAt": \d+/, '"notLookedAt": 0')
    .replaceAll(/^.*(?=: \d+ files? changed)/gm, '')
    .replaceAll(/no manifests found|\d+ documents? in \d+ files? without [^"\n]*/g, '')

const bases = [
  'one-file-with-everything',
  'half-migrated',
  'external-secrets-per-environment',
  'kustomize-base-and-overlays',
  'cluster-secret-store-and-teams',
].flatMap((wanted) => corpusRepositories.filter(({ name }) => name === wanted))

function add(folder: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), content)
}

function makePipe(t: Test, path: string): void {
  const { status, stderr } = spawnSync('mkfifo', [path], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
}

t.test('a foreign file changes nothing that is said', async (t) => {
  t.equal(bases.length, 5)
  for (const { name, files } of bases) {
    const { pathOf } = newFolder(t, files)
    const before = await outputsIn(pathOf('.'))
    const folders = ['', ...new Set(Object.keys(files).map(dirname))]
    Object.entries(foreignFiles).forEach(([file, content], i) => {
      add(pathOf('.'), join(folders[i % folders.length] ?? '', `x ${file}`), content)
    })
    t.strictSame(await outputsIn(pathOf('.')), before, name)
  }
})

const foreignText = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'{}[]:,"\'#&*!|>-%@` \n\tab01') }),
  fc.json(),
  fc.json().map((text) => `// c\n${text}`),
  fc
    .array(fc.constantFrom('a: 1', 'a: [', '- x', 'kind', '  b: "', '{{ x }}', '...', '---'))
    .map((lines) => lines.join('\n')),
)
/** Manifests of others, which are only counted. */
const foreignManifest = fc
  .record({
    apiVersion: fc.constantFrom('v1', 'apiextensions.k8s.io/v1', 'example.com/v1'),
    kind: fc.constantFrom('Service', 'ConfigMap', 'CustomResourceDefinition', 'Widget'),
    metadata: fc.record({ name: fc.string(), namespace: fc.constantFrom('shop', 'default') }),
    data: fc.dictionary(fc.string(), fc.jsonValue()),
  })
  .map((manifest) => JSON.stringify(manifest))
const foreign = fc.oneof(
  foreignText,
  foreignManifest,
  fc.oneof(foreignText, foreignManifest).map(utf16),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)
const foreignNames = [
  ...['foreign.yaml', 'foreign.yml', 'foreign.json'],
  ...['values.yaml', 'foreign.yaml.tpl', 'foreign.j2', 'foreign.txt'],
]

t.test('neither does any other one', async (t) => {
  for (const { files } of bases) {
    const { pathOf } = newFolder(t, files)
    const folder = pathOf('.')
    const before = (await outputsIn(folder)).map(withoutPlainObjects)
    const folders = fc.constantFrom(...new Set(['', ...Object.keys(files).map(dirname)]))
    await fc.assert(
      fc.asyncProperty(
        folders,
        fc.constantFrom(...foreignNames),
        foreign,
        async (below, name, content) => {
          const path = join(folder, below, name)
          if (existsSync(path)) return
          writeFileSync(path, content)
          try {
            t.strictSame((await outputsIn(folder)).map(withoutPlainObjects), before)
          } finally {
            rmSync(path)
          }
        },
      ),
      { numRuns: Math.ceil(numRuns / 40) },
    )
  }
})

/** Without what `check` says of objects that it doesn't look at. */
function withoutPlainObjects(output: Awaited<ReturnType<typeof outputsIn>>[number]): object {
  if (output.command[0] !== 'check') return output
  const { objects, findings, ...report } = JSON.parse(output.stdout)
  return {
    ...output,
    stdout: {
      ...report,
      objects: objects.filter(
        ({ outcome }: { readonly outcome: string }) => outcome !== 'not-looked-at',
      ),
      findings: findings.filter(
        ({ code }: { readonly code: string }) => code !== 'AKV_CHECK_NOT_LOOKED_AT',
      ),
    },
  }
}

t.test('a foreign file that is named is an error with a sentence', async (t) => {
  const { run } = makeFolder(t, { 'a.json': '// c\n{ "a": 1 }\n', 'pod.yaml': podText() })
  for (const command of commands) {
    const { code, stderr } = await run(command, ['a.json', 'pod.yaml'])
    t.equal(code, 2, command.join(' '))
    t.match(stderr, /akv-injector: a\.json:1:1: found "\/\/ c", which isn't a key/)
  }
})

const other = annotatedPod({})

/** Manifests that can't be parsed. With a mark of ours below their mistakes, they are errors. */
const broken: Readonly<Record<string, string>> = {
  'b.yaml': 'apiVersion: v1\nkind: Pod\na: [\n',
  'mark.yaml': '\ufeff"apiVersion": v1\n"kind" : Pod\na: [\n',
  'b.json': '{"apiVersion":"apps/v1","kind":"Deployment",}x\n',
  'second.yaml': `${other}---\na: [\n`,
}
const mark = '# c\n    akv-injector.io/secrets: a\n'

t.test('a manifest that can’t be parsed, and has nothing to check, changes nothing', async (t) => {
  for (const { name, files } of bases) {
    const { pathOf } = newFolder(t, files)
    const before = await outputsIn(pathOf('.'))
    for (const [file, text] of Object.entries(broken)) add(pathOf('.'), file, text)
    t.strictSame(await outputsIn(pathOf('.')), before, name)
  }
})

t.test('one that others may need is named', async (t) => {
  const client = 'apiVersion: v1\nkind: ServiceAccount\na: { azure.workload.identity/client-id: x\n'
  const { run } = newFolder(t, {
    'a.yaml': other,
    'account.yaml': client,
    'release.yaml': `${release}a: [\n`,
    ...broken,
  })
  for (const command of commands)
    t.strictSame(
      linesAbout('skipped', await run(command, ['.'])),
      ['skipped account.yaml: line 4', 'skipped release.yaml: line 5'],
      command.join(' '),
    )
  const report = JSON.parse((await run(['check', '--output', 'json'], ['.'])).stdout)
  t.match(report.skipped, [
    { path: 'account.yaml', reason: /^line 4: / },
    { path: 'release.yaml', reason: /^line 5: / },
  ])
  t.equal(report.skipped.length, 2)
})

/** The beginnings of the lines on standard error that begin with a word. */
const linesAbout = (word: string, { stderr }: { readonly stderr: string }): readonly string[] =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith(word))
    .map((line) => line.split(':').slice(0, 2).join(':'))

t.test('one that has something to check is an error, and all others are read', async (t) => {
  for (const { name, files } of bases)
    for (const [file, text] of Object.entries(broken)) {
      const { pathOf } = newFolder(t, files)
      const before = await outputsIn(pathOf('.'))
      add(pathOf('.'), file, text + mark)
      const after = await outputsIn(pathOf('.'))
      for (const [i, { command, code, stdout, stderr }] of after.entries()) {
        const what = `${name} ${file} ${command.join(' ')}`
        t.equal(code, 2, what)
        if (command[0] === 'check') {
          const { findings } = JSON.parse(stdout)
          t.match(
            findings.find(({ code }: { code: string }) => code === 'AKV_CHECK_FILE'),
            {
              severity: 'problem',
            },
          )
        } else t.match(stderr, new RegExp(`akv-injector: \\S*/${file}:\\d+:\\d+: `), what)
        if (command[0] === 'rbac')
          t.match({ stdout, stderr }, { stdout: /^$/, stderr: 'no Role is printed' })
        if (command[0] === 'identity' || command[0] === 'migrate')
          t.equal(stdout, before[i]?.stdout, what)
      }
    }
})

t.test('a broken file that is named ends the command', async (t) => {
  const { run } = newFolder(t, { ...broken, 'pod.yaml': podText() })
  for (const file of Object.keys(broken))
    for (const command of [['identity'], ['rbac'], ['migrate']])
      t.match(await run(command, [file, 'pod.yaml']), {
        code: 2,
        stdout: /^$/,
        stderr: `akv-injector: ${file}:`,
      })
})

const release =
  'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: web }\n'
const externalSecret =
  'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: { name: a }\n'
const annotated = podText().replace(
  'metadata:',
  'metadata:\n  annotations: { akv-injector.io/vault: v }',
)

t.test('what isn’t read and concerns us is a warning, whatever else is read', async (t) => {
  const eso = 'an object of the External Secrets Operator'
  const cases: readonly (readonly [files: Texts, warning: string])[] = [
    [
      { 'k/kustomization.yaml': '', 'k/sub/kv.yaml': classText('v') },
      'k/sub/kv.yaml:2: has a SecretProviderClass',
    ],
    [
      {
        'c/Chart.yaml': 'name: c\n',
        'c/templates/x.yaml': `{{ if .x }}\n${externalSecret}{{ end }}`,
      },
      `c/templates/x.yaml:2: has ${eso}`,
    ],
    [
      {
        'c/Chart.yaml': 'name: c\n',
        'c/templates/_x.tpl': 'apiVersion: {{ .v }}\nkind: SecretProviderClass\n',
      },
      'c/templates/_x.tpl:1: has a SecretProviderClass',
    ],
    [{ 'k/kustomization.yaml': '', 'k/pod.yaml': annotated }, 'k/pod.yaml:4: has an annotation'],
    [{ 'k/kustomization.yaml': '', 'k/pod.yaml': podText() }, 'has a volume of the Secrets Store'],
    [{ 'x.yaml': `{% if a %}\n${externalSecret}{% endif %}\n` }, `x.yaml:2: has ${eso}`],
    [{ 'x.yaml': `${externalSecret}spec: {{ toYaml .x }}\n` }, `x.yaml:1: has ${eso}`],
    [
      { 'values.yaml': `a: 1\na: 2\nextra:\n  - ${externalSecret.replaceAll('\n', '\n    ')}\n` },
      `values.yaml:4: has ${eso}`,
    ],
    [
      { 'values.yaml': 'extra: [{ "apiVersion": "external-secrets.io/v1" }]' },
      `values.yaml:1: has ${eso}`,
    ],
  ]
  for (const [files, warning] of cases) {
    const { run } = newFolder(t, { ...files, 'release.yaml': release, 'other.yaml': other })
    const { code, stdout } = await run(['check', '--no-render'])
    t.equal(code, 0)
    t.match(stdout, `warning: `)
    t.match(stdout, `${warning}`)
    t.match(stdout, ", and isn't checked; skipped ")
    t.match(await run(['check', '--no-render', '--strict', '--quiet']), {
      code: 1,
      stdout: warning,
      stderr: '',
    })
    t.match(await run(['check', '--no-render', '--quiet']), { code: 0, stdout: '', stderr: '' })
    t.match(await run(['identity', '--no-render', '--strict']), { code: 1, stderr: warning })
    t.match(await run(['rbac', '--no-render']), { code: 0, stderr: warning })
    const json = JSON.parse((await run(['check', '--no-render', '-o', 'json'])).stdout)
    t.match(json.findings, [{ code: 'AKV_CHECK_UNREAD', severity: 'warning' }])
    t.match(await run(['check', '--no-render', '-o', 'github']), {
      stdout: '::warning title=AKV_CHECK_UNREAD,',
    })
    const [sarif] = JSON.parse((await run(['check', '--no-render', '-o', 'sarif'])).stdout).runs
    t.match(sarif.results, [{ ruleId: 'AKV_CHECK_UNREAD' }])
  }
})

t.test('what doesn’t concern us is no warning', async (t) => {
  const { run } = makeFolder(t, {
    'a.yaml': other,
    'crds/kustomization.yaml': '',
    'crds/a.yaml':
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  group: external-secrets.io\n  names:\n    kind: ExternalSecret\n    listKind: ExternalSecretList\n',
    'crds/rbac.yaml': 'apiVersion: v1\nkind: Role\nrules: [{ apiGroups: [external-secrets.io] }]\n',
    'crds/readme.md': classText('v'),
    'crds/.hidden.yaml': classText('v'),
    'crds/node_modules/x.yaml': classText('v'),
    'crds/old.yaml': classText('v').replaceAll(/^/gm, '# '),
    '.github/kustomization.yaml': '',
    '.github/kv.yaml': classText('v'),
    'node_modules/kv.yaml': classText('v'),
  })
  const { code, stdout, stderr } = await run(['check', '--no-render', '--strict'])
  t.equal(code, 0)
  t.match(stdout, /^Pod\/web .*: not injected: /)
  t.notMatch(stdout + stderr, /AKV|isn't checked|hidden|github/)
  t.match(stderr, /^skipped crds: .*\n$/)
})

t.test('links and pipes stay harmless', async (t) => {
  const { run, pathOf } = makeFolder(t, { 'a/a.yaml': other, '.kv/kv.yaml': classText('v') })
  symlinkSync('../a', pathOf('a/loop'))
  symlinkSync('/dev/zero', pathOf('a/zero.yaml'))
  symlinkSync('/proc/kmsg', pathOf('a/kmsg.yaml'))
  symlinkSync('nowhere', pathOf('a/dangling.yaml'))
  makePipe(t, pathOf('a/pipe.yaml'))
  mkdirSync(pathOf('a/k'))
  writeFileSync(pathOf('a/k/kustomization.yaml'), '')
  makePipe(t, pathOf('a/k/pipe.yaml'))
  symlinkSync('/', pathOf('a/k/root'))
  symlinkSync('/', pathOf('a/root'))
  symlinkSync('..', pathOf('a/k/up'))
  t.match(await run(['check', '--no-render', '--strict']), { code: 0 })
  symlinkSync('../.kv', pathOf('a/hidden'))
  const { code, stdout } = await run(['check', '--no-render', '--strict'])
  t.equal(code, 1)
  t.match(stdout, 'a/hidden/kv.yaml:2: has a SecretProviderClass')
})

t.test('the search of what is skipped is bounded, and says so once', (t) => {
  const { pathOf } = makeFolder(t, {
    'a/1.yaml': 'a: 1',
    'a/2.yaml': 'a: 1',
    'b/kv.yaml': classText('v'),
  })
  const bounds = { maxFiles: 20, maxEntries: 20, maxBytes: 20 }
  const search = (more: Partial<typeof bounds>) => {
    const find = createSearch({ ...bounds, ...more })
    return [find(pathOf('a'))?.has, find(pathOf('b'))?.has]
  }
  const tooMany = 'has more files than are searched'
  t.strictSame(search({}), [undefined, 'has a SecretProviderClass'])
  t.strictSame(search({ maxFiles: 1 }), [tooMany, undefined])
  t.strictSame(search({ maxEntries: 1 }), [tooMany, undefined])
  t.strictSame(search({ maxBytes: 5 }), [undefined, tooMany])
  t.equal(createSearch({ ...bounds, maxBytes: 3 })(pathOf('a'))?.has, tooMany)
  t.end()
})

t.test('a file that is larger than what is searched is a warning', async (t) => {
  const { run, pathOf } = makeFolder(t, { 'a.yaml': other, 'data.json': '{}' })
  truncateSync(pathOf('data.json'), 64 * 1024 * 1024 + 1)
  t.match(await run(['check', '--no-render']), {
    code: 0,
    stdout: 'warning: data.json: is larger than 64 MiB',
  })
})
