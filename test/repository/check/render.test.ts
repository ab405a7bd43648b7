import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t, { type Test } from 'tap'
import { writeFakeRenderers } from '../../support/fake-renderers.ts'
import { podText, root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const clientId = '22222222-2222-2222-2222-222222222222'
const pod = (vault: string) => podText({ vault, secrets: 'x', 'client-id': clientId })

/** Writes files by their paths. */
function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

interface Setup {
  readonly files: Readonly<Record<string, string>>
  readonly programs?: Readonly<Record<string, string>>
}

function setUp(t: Test, { files, programs = { kustomize: '', helm: '' } }: Setup) {
  const folder = t.testdir({ repository: {}, programs: {} })
  const repository = join(folder, 'repository')
  write(repository, files)
  const fakes = writeFakeRenderers(join(folder, 'programs'), programs)
  const check = (args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
    runInProcess(['check', '--render', repository, ...args], { env: { PATH: fakes.path, ...env } })
  return { repository, fakes, check, shown: relative(root, repository) }
}

const overlays = {
  'base/kustomization.yaml': 'resources: [web.yaml]\n',
  'base/web.yaml': pod('kv_base'),
  'overlays/dev/kustomization.yaml':
    'resources: [../../base]\npatches:\n- path: patch.yaml\nconfigMapGenerator:\n- files: [config.json=pod.json]\n',
  'overlays/dev/patch.yaml': pod('kv_patch'),
  'overlays/dev/pod.json': pod('kv_config'),
  'overlays/dev/rendered.txt': `\n${pod('kv-dev')}`,
  'overlays/prod/kustomization.yml': 'resources: [../../base]\n',
  'overlays/prod/rendered.txt': pod('kv_prod'),
  'overlays/prod/beside.yaml': pod('kv-beside'),
}

t.test('each environment is rendered, and other files are read directly', async (t) => {
  const { repository, fakes, check } = setUp(t, { files: overlays })
  const { code, stdout, stderr } = await check(['-n', 'shop'], { API_TOKEN: 'x' })
  t.equal(code, 1)
  t.equal(stderr, '')
  t.strictSame(
    [...stdout.matchAll(/^Pod\/web \((.*)\): (.*)$/gm)].map(([, position, outcome]) => [
      relative(repository, position ?? ''),
      outcome,
    ]),
    [
      ['overlays/prod/beside.yaml', 'would be injected'],
      ['overlays/dev (rendered)', 'would be injected'],
      ['overlays/prod (rendered)', 'would be denied'],
    ],
  )
  t.match(stdout, /\n {2}problem: line 1: akv-injector.io\/vault "kv_prod"/)
  t.match(stdout, /\n3 files, 3 pods checked, 1 problem,/)
  t.strictSame(
    // Two run at a time.
    fakes.runs().toSorted(),
    ['dev', 'prod'].map((name) => ['kustomize', 'build', join(repository, 'overlays', name)]),
  )
  const variables = fakes.variables()
  t.match(variables, { GIT_ALLOW_PROTOCOL: 'none', HTTPS_PROXY: 'http://127.0.0.1:1' })
  t.notOk('API_TOKEN' in variables, 'a Kustomize folder could print it')
  t.notOk(existsSync(variables['HELM_PLUGINS'] ?? ''), 'the folder for programs is gone again')
})

t.test('a finding is at the file that was rendered, and names the line', async (t) => {
  const { check, shown } = setUp(t, { files: overlays })
  const printed = async (form: string) => (await check(['-o', form])).stdout
  const file = `${shown}/overlays/prod/kustomization.yml`
  t.match(
    JSON.parse(await printed('json')).findings.filter(
      ({ severity }: { severity: string }) => severity === 'problem',
    ),
    [{ file: join(root, file), rendered: true, line: 1, object: 'Pod/web' }],
  )
  const where = `Pod/web (${join(root, shown)}/overlays/prod (rendered):1): akv-injector.io/vault`
  t.match(await printed('github'), `::error title=AKV_CHECK_DENIED,file=${file}::${where}`)
  const [result] = JSON.parse(await printed('sarif')).runs[0].results
  t.match(result.message.text, where)
  t.equal(result.locations[0].physicalLocation.artifactLocation.uri, file)
  t.notOk('region' in result.locations[0].physicalLocation, 'the line isn’t one of that file')
})

t.test('a finding about a placeholder names the line of the rendered text, too', async (t) => {
  const { check, shown } = setUp(t, {
    files: {
      'prod/kustomization.yaml': 'namePrefix: a-\n',
      'prod/rendered.txt':
        'kind: ServiceAccount\nmetadata:\n  name: web\n  annotations:\n    akv-injector.io/vault: kv-${ENV}\n',
    },
  })
  const where = `${join(root, shown)}/prod (rendered):5: \${ENV} has no value here`
  for (const form of ['github', 'sarif']) t.match((await check(['-o', form])).stdout, where)
})

t.test('classes of several environments stay apart, also if they are rendered', async (t) => {
  const source = (vault: string) =>
    `kind: SecretProviderClass\nmetadata: { name: web }\nspec: { provider: azure, parameters: { keyvaultName: ${vault}, clientID: ${clientId}, tenantId: ${clientId}, objects: "array: ['{objectName: a, objectType: secret}']" } }\n`
  const user =
    'kind: Pod\nmetadata: { name: web }\nspec: { containers: [{ name: a }], volumes: [{ name: kv, csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: web } } }] }\n'
  const { check } = setUp(t, {
    files: Object.fromEntries(
      ['dev', 'prod'].flatMap((name) => [
        [`${name}/kustomization.yaml`, 'namePrefix: a-\n'],
        [`${name}/rendered.txt`, `${source(`kv-${name}`)}---\n${user}`],
      ]),
    ),
  })
  const { stdout } = await check()
  for (const name of ['dev', 'prod'])
    t.match(
      stdout,
      new RegExp(`Pod/web \\(\\S+/${name} \\(rendered\\)\\): .*(\\n {2}.*){4}from kv-${name}:a`),
    )
})

t.test('identity renders, too', async (t) => {
  const { repository, fakes } = setUp(t, {
    files: { ...overlays, 'overlays/prod/rendered.txt': '' },
  })
  const { code, stdout } = await runInProcess(['identity', '--render', repository], {
    env: { PATH: fakes.path },
  })
  t.equal(code, 0)
  t.match(stdout, 'az keyvault show --name kv-dev')
  t.notMatch(stdout, 'kv_base')
})

t.test('kubectl stands in for kustomize, and without a program nothing is green', async (t) => {
  const { fakes, check } = setUp(t, { files: overlays, programs: { kubectl: '' } })
  t.equal((await check()).code, 1)
  t.match(fakes.runs().toSorted(), [
    ['kubectl', 'kustomize', /overlays\/dev$/],
    ['kubectl', 'kustomize'],
  ])
  t.end()
})

t.test('a missing program is an error of the folder', async (t) => {
  const { check } = setUp(t, {
    files: { ...overlays, 'chart/Chart.yaml': 'name: a\n' },
    programs: {},
  })
  const { code, stderr } = await check()
  t.equal(code, 2)
  t.match(
    stderr,
    /overlays\/dev: can't be rendered, because kustomize or kubectl isn't on the PATH; install it\n/,
  )
  t.match(stderr, /chart: can't be rendered, because helm isn't on the PATH; install it\n/)
})

t.test(
  'references that kustomize would fetch or run are findings, and no program is started',
  async (t) => {
    const cases: readonly (readonly [string, string])[] = [
      ...[
        'https://example.org/a//b?ref=v1',
        'http://169.254.169.254/latest',
        'HTTPS://example.org/x.yaml',
        'github.com/org/repo?ref=v1',
        'git@example.org:org/repo',
        'git::https://example.org/a',
        'ssh://example.org/a/b',
        'file:///etc/kustomize',
        'gh:org/repo',
        'org/project/_git/repo',
      ].map((target) => [`resources:\n- ${target}\n`, `:2:3: refers to ${target}, and`] as const),
      ['resources: ["https://me:word@x.example/a"]\n', 'refers to https://***@x.example/a, '],
      ['bases: [ok, "https://x.example/a/b"]\n', ':1:13: refers to https'],
      ['components: [github.com/a/b]\n', ':1:14: refers to github'],
      ['generators: [git@x:a/b]\n', ':1:14: refers to git@'],
      ['patches:\n- path: https://x.example/p.yaml\n', ':2:3: refers to https://x.example/p.yaml'],
      ['patchesStrategicMerge: [https://x.example/p]\n', 'refers to https'],
      ['configMapGenerator:\n- files: ["a=https://x.example/p"]\n', ':2:11: refers to https'],
      ['secretGenerator:\n- envs: [http://x.example/p]\n', 'refers to http'],
      ['openapi: { path: https://x.example }\n', 'refers to https'],
      ['replacements: [{ path: https://x.example }]\n', 'refers to https'],
      ['crds: [https://x.example]\n', 'refers to https'],
      ['resources: [none]\n', ':1:13: refers to none, which does not exist here'],
      ['resources: [a.yaml/../../none]\n', 'which does not exist here'],
      ['helmCharts: [{ name: x }]\n', ':1:1: lets kustomize run Helm (helmCharts)'],
      ['resources: [\n', ':2:1: the text ends'],
      ['', 'is empty; list its resources'],
    ]
    for (const [text, sentence] of cases) {
      const { fakes, check } = setUp(t, {
        files: {
          'overlay/kustomization.yaml': 'resources: [../base]\n',
          'base/kustomization.yaml': text,
          'base/ok/kustomization.yaml': 'resources: []\n',
        },
      })
      const { code, stderr } = await check()
      t.equal(code, 2, text)
      t.match(stderr, 'base/kustomization.yaml')
      t.match(stderr, /^skipped \S+\/overlay: .* something that it refers to can't be rendered$/m)
      t.match(stderr, sentence)
      t.notOk(
        fakes.runs().some(([, , folder]) => folder?.endsWith('overlay')),
        `${text} isn’t rendered`,
      )
    }
    t.ok(cases.length > 25)
  },
)

t.test('text that only looks like a reference is left alone', async (t) => {
  const { fakes, check } = setUp(t, {
    files: {
      'kustomization.yaml': `resources: ['-a.yaml', './b.yaml']
patchesStrategicMerge:
- |-
  kind: A
  url: https://example.org
configMapGenerator:
- name: a
  literals: ["URL=https://example.org"]
commonAnnotations: { page: https://example.org }
`,
      '-a.yaml': pod('kv_a'),
      'b.yaml': pod('kv_b'),
      'rendered.txt': pod('kv-a'),
    },
  })
  t.match(await check(), { code: 0, stdout: /^1 file, 1 pod checked, 0 problems/m })
  t.equal(fakes.runs().length, 1)
})

t.test(
  'a component is rendered where it is used, and Flux has a file of the same name',
  async (t) => {
    const component = 'kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n'
    const { fakes, check } = setUp(t, {
      files: {
        'used/kustomization.yaml': component,
        'unused/kustomization.yaml': `${component}patches: [{ path: patch.yaml }]\n`,
        'unused/patch.yaml': pod('kv_a'),
        'app/kustomization.yaml': 'components: [../used]\n',
        'app/rendered.txt': pod('kv-a'),
        'flux/kustomization.yaml':
          'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: apps }\n',
      },
    })
    const { code, stdout, stderr } = await check()
    t.equal(code, 0)
    t.equal(stderr, '')
    t.match(
      stdout,
      /patch\.yaml:\d+: has .*, and isn't checked; skipped \S+\/unused: is a Kustomize component, and no folder/,
    )
    t.match(stdout, /^1 object without a pod template: 1 Kustomization$/m)
    t.match(fakes.runs(), [['kustomize', 'build', /app$/]])
    t.equal(fakes.runs().length, 1)
  },
)

t.test('folders that refer to each other in a circle are left to kustomize', async (t) => {
  const { fakes, check } = setUp(t, {
    files: {
      'a/kustomization.yaml': 'resources: [../b]\n',
      'b/kustomization.yaml': 'resources: [../a]\n',
    },
    programs: { kustomize: 'echo "Error: cycle\u001b[2J detected" >&2; exit 1' },
  })
  const { code, stderr } = await check()
  t.equal(code, 2)
  t.match(
    stderr,
    /\/a: kustomize build failed with exit code 1: Error: cycle\\u\{1b\}\[2J detected\n$/,
  )
  t.equal(fakes.runs().length, 1)
})

t.test('a folder with thousands of resources is rendered once', async (t) => {
  const names = Array.from({ length: 3000 }, (_, i) => `r${i}.yaml`)
  const { fakes, check } = setUp(t, {
    files: {
      'kustomization.yaml': `resources:\n${names.map((name) => `- ${name}\n`).join('')}`,
      'rendered.txt': pod('kv-a'),
      ...Object.fromEntries(names.map((name) => [name, pod('kv_a')])),
    },
  })
  t.match(await check(), { code: 0, stdout: /^1 file, 1 pod checked, 0 problems/m })
  t.equal(fakes.runs().length, 1)
})

t.test('charts are rendered with the values on the command line', async (t) => {
  const { repository, fakes, check } = setUp(t, {
    files: {
      'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
      'chart/templates/a.yaml': 'a: {{ .Values.x }}\n',
      'chart/rendered.txt': pod('kv-a'),
      'library/Chart.yaml': 'name: shop\ntype: library\n',
      'a,"b.txt': '',
    },
  })
  const values = join(repository, 'a,"b.txt')
  const { code, stdout, stderr } = await check(['-n', 'shop', '--values', values])
  t.equal(code, 0)
  t.match(stdout, /^Pod\/web \(\S+\/chart \(rendered\)\): would be injected$/m)
  t.match(stderr, /^skipped \S+\/library: is a library chart, which has no objects\n$/)
  t.strictSame(fakes.runs(), [
    [
      'helm',
      'template',
      join(repository, 'chart'),
      '--skip-schema-validation',
      '--namespace',
      'shop',
      `--values="${repository}/a,""b.txt"`,
    ],
  ])
  t.match(await check(['--values', 'https://example.org/x']), {
    code: 2,
    stderr: 'akv-injector: --values https://example.org/x: no such file',
  })
  t.match(await runInProcess(['check', repository, '--no-render', '--values', values]), {
    code: 2,
    stderr: '--values and --no-render',
  })
  t.match(await runInProcess(['check', repository, '--no-render', '--kube-version', '1.34']), {
    code: 2,
    stderr: '--kube-version and --no-render',
  })
})

t.test('a chart is rendered with its own values, and for a version of Kubernetes', async (t) => {
  const chart = (name: string) => ({
    [`${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
    [`${name}/rendered.txt`]: pod('kv-a'),
  })
  const { repository, fakes, check } = setUp(t, {
    files: { ...chart('api'), ...chart('web'), 'all.yaml': '', 'api.yaml': '', 'a=b.yaml': '' },
  })
  const at = (name: string) => join(repository, name)
  const values = [at('all.yaml'), `${at('api')}=${at('api.yaml')}`, at('a=b.yaml')]
  const options = values.flatMap((value) => ['--values', value])
  t.match(await check([...options, '--kube-version', 'v1.34']), { code: 0 })
  const argumentsFor = (name: string, files: readonly string[]) => [
    ...['helm', 'template', at(name), '--skip-schema-validation'],
    ...['--namespace', 'default', '--kube-version', 'v1.34'],
    ...files.map((file) => `--values="${at(file)}"`),
  ]
  t.strictSame(fakes.runs().toSorted(), [
    argumentsFor('api', ['all.yaml', 'api.yaml', 'a=b.yaml']),
    argumentsFor('web', ['all.yaml', 'a=b.yaml']),
  ])
  for (const [value, stderr] of [
    [`${at('api')}=${at('none.yaml')}`, /--values \S+none\.yaml: no such file/],
    [`${at('none')}=${at('api.yaml')}`, /\/none has no Chart\.yaml; pass FILE for all charts/],
    [`=${at('api.yaml')}`, /no such file/],
  ] as const)
    t.match(await check(['--values', value]), { code: 2, stderr })
  for (const version of ['latest', '1', '1.34;x', '--set=a=b', '1.34.1.1'])
    t.match(await check([`--kube-version=${version}`]), { code: 2, stderr: /such as 1\.34/ })
})

t.test('a chart that isn’t complete, or leads elsewhere, isn’t rendered', async (t) => {
  const { repository, fakes, check } = setUp(t, {
    files: {
      'chart/Chart.yaml':
        'name: a\ndependencies:\n- name: here\n- name: packed\n- name: redis\n  repository: https://charts.example\n',
      'chart/charts/other-name/Chart.yaml': 'name: here\n',
      'chart/charts/packed-1.0.0.tgz': '',
      'linked/Chart.yaml': 'name: a\n',
      'linked/templates/own.yaml': '',
      'broken/Chart.yaml': '{{',
    },
  })
  symlinkSync('/etc/hostname', join(repository, 'linked/templates/link.yaml'))
  symlinkSync('own.yaml', join(repository, 'linked/templates/fine.yaml'))
  const { code, stderr } = await check()
  t.equal(code, 2)
  t.match(
    stderr,
    /chart\/Chart\.yaml:5:3: depends on the chart redis, which charts\/ doesn't have, and nothing is fetched; run helm dependency build\n/,
  )
  t.notMatch(stderr, /chart (here|packed)/)
  t.match(stderr, /linked\/templates\/link\.yaml: is a symbolic link to something outside/)
  t.notMatch(stderr, 'fine.yaml')
  t.match(stderr, /broken\/Chart\.yaml:1:1: is a template/)
  t.strictSame(fakes.runs(), [])
})

t.test('a rendered text that isn’t YAML, or has nothing of interest, is named', async (t) => {
  const broken = setUp(t, { files: { 'kustomization.yaml': 'a: b\n', 'rendered.txt': '\na: [' } })
  t.match(await broken.check(), { code: 2, stderr: /repository \(rendered\):2:5: / })
  const { repository, fakes } = broken
  t.match(await runs('check', repository, fakes.path), {
    code: 0,
    stderr: /^skipped \S+: can't be read once rendered: \S+ \(rendered\):2:5: /m,
  })
  writeFileSync(join(repository, 'web.yaml'), pod('kv-a'))
  t.match(await runs('check', repository, fakes.path, ['--strict']), {
    code: 0,
    stdout: /^Pod\/web \(\S+web\.yaml\): would be injected\n/,
    stderr: /^skipped \S+: can't be read once rendered: /m,
  })
  const empty = setUp(t, { files: { 'kustomization.yaml': 'a: b\n', 'rendered.txt': 'kind: A\n' } })
  t.match(await empty.check(['--strict']), {
    code: 1,
    stdout: /nothing to check: 1 document in 1 file without/,
  })
})

/** Runs a command with neither option. */
const runs = (command: string, repository: string, path: string, args: readonly string[] = []) =>
  runInProcess([command, repository, ...args], { env: { PATH: path } })

t.test('without an option, what can be rendered is, and the rest is skipped', async (t) => {
  const { repository, fakes } = setUp(t, {
    files: {
      ...overlays,
      'overlays/test/kustomization.yaml': 'resources: [https://example.org/x]\n',
      'chart/Chart.yaml': 'name: a\n',
      'broken/Chart.yaml': '{{',
    },
    programs: { kustomize: '' },
  })
  for (const command of ['check', 'identity', 'rbac']) {
    const { code, stderr } = await runs(command, repository, fakes.path)
    t.equal(code, command === 'rbac' ? 0 : 1, command)
    t.match(stderr, /^skipped \S+\/overlays\/test: can't be rendered: \S+:1:13: refers to https/m)
    t.match(
      stderr,
      /^skipped \S+\/broken, and 1 more for similar reasons: is a Helm chart, and helm isn't on the PATH; install it, or render it first: helm template/m,
    )
    t.notMatch(stderr, 'akv-injector: ')
  }
  t.equal(fakes.runs().length, 6)
  const { stdout } = await runs('check', repository, fakes.path)
  t.match(stdout, /^Pod\/web \(\S+\/overlays\/dev \(rendered\)\): would be injected$/m)
})

t.test('a program that fails doesn’t fail the run, but --render does', async (t) => {
  const { repository, fakes, check } = setUp(t, {
    files: { ...overlays, 'pod.yaml': pod('kv-a') },
    programs: { kustomize: 'case $2 in */dev) exit 3;; esac; echo kind: A' },
  })
  const { code, stdout, stderr } = await runs('check', repository, fakes.path)
  t.equal(code, 0)
  t.match(
    stdout,
    /isn't checked; skipped \S+\/dev: can't be rendered: kustomize build failed with exit code 3$/m,
  )
  t.notMatch(stderr + stdout, /skipped \S+\/base/, 'the other overlay has read it')
  t.match(stdout, /^Pod\/web \(\S+\/pod.yaml\): would be injected$/m)
  t.equal((await check()).code, 2)
})

t.test('a base that only a failed folder reads is skipped by name', async (t) => {
  const { repository, fakes } = setUp(t, { files: overlays, programs: { kustomize: 'exit 3' } })
  const { stdout } = await runs('check', repository, fakes.path)
  t.match(
    stdout,
    /isn't checked; skipped \S+\/base: belongs to \S+\/overlays\/dev, which can't be rendered: /m,
  )
})

t.test('--no-render runs no program, and files outside of such folders are read', async (t) => {
  const { repository, fakes } = setUp(t, { files: { ...overlays, 'pod.yaml': pod('kv-a') } })
  const { code, stdout } = await runs('check', repository, fakes.path, ['--no-render'])
  t.equal(code, 0)
  t.match(stdout, /; skipped \S+\/base: is a Kustomize folder; render it first: kubectl kustomize/m)
  t.match(stdout, /^1 file, 1 pod checked/m)
  t.strictSame(fakes.runs(), [])
})

t.test('files that are named themselves run no program', async (t) => {
  const { repository, fakes } = setUp(t, { files: overlays })
  await runs('check', join(repository, 'base/web.yaml'), fakes.path)
  t.strictSame(fakes.runs(), [])
})

t.test('the help of both commands has the options', async (t) => {
  for (const command of ['check', 'identity']) {
    const { stdout } = await runInProcess([command, '--help'])
    t.match(stdout, '--render')
    t.match(stdout, '--no-render')
    t.match(stdout, '--values <file>')
  }
})

t.test('what the values of a chart leave out is named', async (t) => {
  const template = `{{ if .Values.vault }}\napiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\n{{ end }}\n`
  const other = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n'
  const deep = Array.from({ length: 33 }, () => 'x').join('/')
  const { check, repository } = setUp(t, {
    files: {
      ...Object.fromEntries(
        ['a', 'b', 'c', 'd'].flatMap((name) => [
          [`${name}/Chart.yaml`, `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`],
          [`${name}/templates/kv.yaml`, template],
        ]),
      ),
      'c/templates/kv.yaml': '',
      'd/templates/kv.yaml': '',
      [`d/templates/${deep}/a.yaml`]: '',
      'a/rendered.txt': other,
      'b/rendered.txt': pod('kv-b'),
      'c/rendered.txt': other,
      'd/rendered.txt': other,
    },
  })
  const { code, stderr } = await check(['--strict'])
  t.equal(code, 0, 'the chart is read as it is asked for')
  t.strictSame(stderr.split('\n').filter(Boolean), [
    `skipped ${repository}/a/templates/kv.yaml: has a SecretProviderClass, which the values leave out; to check it: akv-injector check ${repository}/a --values FILE`,
    // A pod of the chart says nothing about its class.
    `skipped ${repository}/b/templates/kv.yaml: has a SecretProviderClass, which the values leave out; to check it: akv-injector check ${repository}/b --values FILE`,
    `skipped ${repository}/d/templates/${deep}: has more files than are searched; to check it: akv-injector check ${repository}/d --values FILE`,
  ])
})
