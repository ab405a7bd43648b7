import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { hasPlaceholder } from '../../../repository/input/placeholders/open-names.ts'
import { standInOf } from '../../../repository/input/placeholders/stand-in.ts'
import { numRuns } from '../../support/property-runs.ts'
import { podText } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { classText, storeText } from './manifests.ts'

const env = { AKV_INJECTOR_CSI: 'all' }
const check = (input: string, ...args: readonly string[]) =>
  runInProcess(['check', '-', ...args], { input, env })
const reportOf = async (input: string, ...args: readonly string[]) =>
  JSON.parse((await check(input, '--output', 'json', ...args)).stdout)

/** The forms that public repositories have. */
const forms = [
  ...['${X}', '<X>', '__X__', '#{X}#', '#{X}', '$(X)', '$X'],
  ...['YOUR_VAULT', 'REPLACE_WITH_VAULT', 'INSERT_VAULT_HERE', 'CHANGEME', 'REPLACE_ME'],
  ...['PLACEHOLDER', 'REPLACE-WITH-VAULT', '{{vault}}'],
]
const quoted = (text: string) => `"${text}"`

for (const form of forms) {
  t.test(`check decides what it can without the value of ${form}`, async (t) => {
    const input = [
      storeText({ vault: quoted(form).slice(1, -1), namespace: quoted(form) }),
      classText({ vault: quoted(form), namespace: quoted(form), client: quoted(form) }),
    ].join('---\n')
    const { code, stdout } = await check(input)
    t.equal(code, 0)
    t.match(stdout, /vault +\S+\n/)
    t.match(stdout, 'ExternalSecret/db-0 (standard input): would be synced as ServiceAccount web')
    t.match(stdout, `Secret     db-0 (Opaque): password ← ${form}:db`)
    t.match(stdout, 'SecretProviderClass/kv (standard input): would be served')
    t.match(stdout, `identity   ${form}`)
    t.match(stdout, 'Pod/web (standard input): would be served')
    t.match(
      stdout,
      `warning: standard input:5: ${form} has no value here (used 8 times, here first)`,
    )
    t.match(stdout, '0 problems, 1 warning')
    t.equal((await check(input, '--strict')).code, 1)
  })
}

t.test('an embedded placeholder leaves the rest of a name to be checked', async (t) => {
  const { code, stdout } = await check(storeText({ vault: 'kv-${ENV}-west' }))
  t.equal(code, 0)
  t.match(stdout, 'password ← kv-${ENV}-west:db')
})

t.test('a mistake beside a placeholder is a problem', async (t) => {
  const input = classText({ vault: '${VAULT}' }).replace('objectType: secret', 'objectType: sekret')
  const { code, stdout } = await check(input)
  t.equal(code, 1)
  t.match(stdout, 'objectType "sekret"')
  t.notMatch(stdout, 'undecided')
})

t.test('what only a value decides is undecided, and not a problem', async (t) => {
  const input = classText({ vault: 'team-a' }).replace('objectType: secret', 'objectType: ${TYPE}')
  const { code, stdout } = await check(input)
  t.equal(code, 0)
  t.match(stdout, 'SecretProviderClass/kv (standard input): undecided without ${TYPE}')
  t.match(stdout, 'Pod/web (standard input): undecided without ${TYPE}')
  t.match(
    stdout,
    '${TYPE} has no value here; undecided without it: SecretProviderClass/kv, Pod/web',
  )
  const filled = await check(input, '--set', 'TYPE=sekret')
  t.equal(filled.code, 1)
  t.match(filled.stdout, 'objectType "sekret"')
})

t.test('one placeholder in a store is one finding for 500 ExternalSecrets', async (t) => {
  for (const vault of ['${VAULT}', 'a-name-that-leaves-no-room-${VAULT}']) {
    const report = await reportOf(storeText({ vault }, 500))
    t.equal(report.objects.length, 501)
    t.match(report.findings, [
      {
        severity: 'warning',
        code: 'AKV_CHECK_PLACEHOLDER',
        message: '${VAULT} has no value here',
        file: '-',
        line: 9,
        column: 17,
      },
    ])
    t.equal(report.findings.length, 1)
    t.match(report, { exitCode: 0, sums: { problems: 0, warnings: 1 } })
  }
})

t.test('every output has what the author wrote', async (t) => {
  const input = classText({ vault: '${VAULT}', client: '<client-id>' }).replace('db', '__NAME__')
  for (const form of ['text', 'json', 'github', 'sarif']) {
    const { stdout } = await check(input, '--output', form)
    t.match(stdout, '<client-id> has no value here')
    t.notOk(hasPlaceholder(stdout))
  }
})

t.test('a value from --set or a file reads as if it were written', async (t) => {
  const file = join(t.testdir({ values: "# ours\nVAULT='team-a'\nNS=shop\nOTHER=1\n" }), 'values')
  const input = storeText({ vault: '${VAULT}', namespace: '#{NS}#' })
  const written = await check(storeText({ vault: 'team-a', namespace: 'shop' }))
  t.match(written.stdout, 'would be synced')
  t.same(await check(input, '--from-env-file', file), written)
  t.same(await check(input, '--from-env-file', file, '--set', 'VAULT=team-a'), written)
  const other = await check(input, '--from-env-file', file, '--set', 'VAULT=team-b')
  t.match(other.stdout, 'password ← team-b:db')
})

t.test('filling is the same as writing the value into the file', async (t) => {
  let decided = 0
  const value = fc.oneof(
    fc.constantFrom('team-a', 'true', '42', '0x1f', '', 'null', 'a b', '"', "it's", '{{.x}}', '#'),
    fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
  )
  const position = fc.constantFrom('vault', 'namespace', 'client')
  await fc.assert(
    fc.asyncProperty(value, position, async (text, key) => {
      // Inside quotes of YAML, and only there, any text is itself.
      const names = { vault: 'team-a' }
      const fill = (as: string) => classText({ ...names, [key]: as })
      const written = await reportOf(fill(JSON.stringify(text)))
      const filled = await reportOf(fill('"${SOME}"'), '--set', `SOME=${text}`)
      decided += written.findings.length === 0 ? 1 : 0
      t.same(filled, written)
    }),
    { numRuns: Math.min(numRuns, 60) },
  )
  t.ok(decided >= 5, `${decided} of them without a finding`)
})

t.test('a value that is not quoted has the type that YAML gives it', async (t) => {
  const pod = (refresh: string) => `apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    akv-injector.io/vault: team-a
    akv-injector.io/secrets: db
    akv-injector.io/refresh: ${refresh}
spec: { containers: [{ name: app }] }
`
  t.same(await check(pod('${R}'), '--set', 'R=90'), await check(pod('90')))
  t.match((await check(pod('90'))).stdout, 'quote the value')
  t.same(await check(pod('${R}'), '--set', 'R=90s'), await check(pod('90s')))
  t.match((await check(pod('${R}'))).stdout, 'every ${R} s')
})

t.test('a default of Flux or envsubst counts, unless a value is given', async (t) => {
  for (const form of ['${VAULT:=shop}', '${VAULT:-shop}', '${VAULT=shop}', '${VAULT-shop}']) {
    const { code, stdout } = await check(storeText({ vault: form }), '--strict')
    t.equal(code, 0)
    t.match(stdout, 'password ← shop:db')
    const { stdout: filled } = await check(storeText({ vault: form }), '--set', 'VAULT=team-b')
    t.match(filled, 'password ← team-b:db')
  }
  const { stdout } = await check(storeText({ vault: '${VAULT,,}' }), '--set', 'VAULT=team-a')
  t.match(stdout, "${VAULT,,} has no value here; a value isn't enough for this form")
})

t.test('an unquoted #{X}# is a comment to YAML, which the finding says', async (t) => {
  const { code, stdout } = await check(classText({ vault: '#{VAULT}#' }))
  t.equal(code, 0)
  t.match(stdout, 'standard input:10: #{VAULT}# has no value here; it is a comment to YAML unless')
  t.match(stdout, 'from #{VAULT}#:db')
})

t.test('what means something else is not a placeholder', async (t) => {
  const text = (more: string) => `apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    akv-injector.io/vault: team-a
    akv-injector.io/secrets: db
    akv-injector.io/client-id: 22222222-2222-2222-2222-222222222222
    ${more}
spec:
  containers:
    - name: app
      command: [sh, -c, "echo $(HOST) \${HOST} <HOST> __HOST__"]
      env: [{ name: URL, value: "http://$(HOST)" }]
      volumeMounts: [{ name: logs, mountPath: /logs, subPathExpr: $(HOST) }]
  volumes:
    - name: logs
      emptyDir: {}
`
  for (const more of [
    'akv-injector.io/template.url: "host=${team-a:db} <HOST> $(HOST)"',
    'nginx.ingress.kubernetes.io/snippet: "return $(x) ${y} <z>"',
    'owner: "Jane <jane@example.com>"',
  ]) {
    const { code, stdout } = await check(text(more), '--strict')
    t.equal(code, 0, stdout)
    t.match(stdout, 'would be injected')
  }
})

t.test('objects that nobody reads have no findings', async (t) => {
  const input = `apiVersion: apps/v1
kind: Deployment
metadata: { name: "\${NAME}", namespace: "\${NS}" }
spec: { template: { spec: { containers: [{ name: a, image: "\${IMAGE}" }] } } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: "\${NAME}" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: "\${NAME}" }
`
  t.match(await check(input, '--strict'), { code: 0, stdout: /0 problems, 0 warnings/ })
})

t.test('an account or a pod with an identity is the business of other programs', async (t) => {
  const account = `apiVersion: v1
kind: ServiceAccount
metadata: { name: web, namespace: shop, annotations: { azure.workload.identity/client-id: "\${CLIENT}" } }
`
  const pod = `apiVersion: v1
kind: Pod
metadata: { name: "\${NAME}", namespace: shop, annotations: { azure.workload.identity/inject-proxy-sidecar: "\${PROXY}" } }
spec: { serviceAccountName: web, containers: [{ name: a, image: a }] }
`
  const input = `${account}---\n${pod}`
  t.match(await check(input, '--strict'), { code: 0, stdout: /0 problems, 0 warnings/ })
  const withoutAccount = storeText({ vault: 'kv-a' })
    .split('---\n')
    .filter((text) => !text.includes('kind: ServiceAccount'))
    .join('---\n')
  const annotated = podText({ vault: 'kv-a', secrets: 'a' }, { serviceAccountName: 'web' })
  for (const user of [annotated, withoutAccount]) {
    const { stdout } = await check(`${input}---\n${user}`, '--namespace', 'shop')
    t.match(stdout, /warning: .*\$\{CLIENT\} has no value here/)
    t.match(stdout, '0 problems')
    t.notMatch(stdout, /\$\{(?:NAME|PROXY)\} has no value/)
  }
})

t.test('two stores that differ only in what a placeholder will be are the same text', async (t) => {
  const folder = t.testdir({
    dev: { 'kv.yaml': storeText({ vault: '${VAULT}' }) },
    prod: { 'kv.yaml': storeText({ vault: '${VAULT}' }) },
  })
  const { code, stdout } = await runInProcess(['check', folder], { env })
  t.equal(code, 0)
  t.match(stdout, '${VAULT} has no value here (used 2 times, here first)')
  writeFileSync(join(folder, 'dev/other.yaml'), storeText({ vault: '${OTHER}' }, 0))
  t.match(await runInProcess(['check', folder], { env }), {
    code: 1,
    stdout: /defined differently/,
  })
})

t.test('bounds: many placeholders, long ones, and texts that look like some', async (t) => {
  const many = Array.from({ length: 1100 }, (_, i) => storeText({ vault: `\${V${i}}` }, 0)).join(
    '---\n',
  )
  t.match(await check(many), { code: 2, stderr: /more than 1,000 placeholders without a value/ })
  for (const text of ['${', '<a', '__a', '#{a', '$(a', '${A:=', '(?<n'].map((part) =>
    part.repeat(8000),
  )) {
    const report = await reportOf(classText({ vault: quoted(text) }))
    t.notMatch(report.findings, [{ code: 'AKV_CHECK_PLACEHOLDER' }])
    t.equal(report.exitCode, 1)
  }
  const long = `\${${'A'.repeat(200)}}`
  t.equal((await check(classText({ vault: quoted(long) }))).code, 1, 'no name is that long')
})

t.test(
  'a message that cuts a value has no part of a stand-in, and the value is open',
  async (t) => {
    for (let length = 50; length < 100; length++) {
      const vault = `${'a'.repeat(length)}\${VAULT}`
      const { code, stdout } = await check(classText({ vault, client: vault }))
      t.equal(code, 0)
      t.match(stdout, 'SecretProviderClass/kv (standard input): undecided without ${VAULT}')
      t.notMatch(stdout, /x0/)
      const named = classText({ vault: 'team-a' }).replaceAll('name: web', `name: ${vault}`)
      t.notMatch((await check(named)).stdout, /x0/)
    }
  },
)

t.test('what other processes write in place of placeholders is text', async (t) => {
  for (const [shown, names, ...args] of [
    ['x00-abc:db', { vault: 'x00-abc', client: '${CLIENT}' }],
    ['x00:db', { vault: 'x00', client: '${CLIENT}' }],
    ['xq7z-j00:db', { vault: '${ENV:=xq7z-j00}', client: '${CLIENT}' }],
    ['x00-j00:db', { vault: 'x00${ENV}00', client: '${CLIENT}' }, '--set', 'ENV=-j'],
    [
      'identity   a7b3c9d1-5e2f-4a68-9c04-000000000000',
      { vault: '${VAULT}', client: 'a7b3c9d1-5e2f-4a68-9c04-000000000000' },
    ],
  ] as const) {
    const { code, stdout, stderr } = await check(classText(names), ...args)
    t.match({ code, stderr }, { code: 0, stderr: '' })
    t.match(stdout, shown)
  }
  const weeks = storeText({ vault: '${VAULT}' }).replaceAll(
    '  secretStoreRef:',
    '  refreshInterval: 31449600s\n  secretStoreRef:',
  )
  t.match((await check(weeks)).stdout, 'every 31449600 s')
})

t.test('a key that looks like a stand-in doesn’t hide its mistake', async (t) => {
  const annotations = { vault: '${VAULT}', secrets: 'db', refresh: '${R}' }
  for (const key of ['x00-abc', '20000000', 'a7b3c9d1-0000-5000-8000-000000000000']) {
    const { code, stdout } = await check(podText({ ...annotations, [key]: 'x' }))
    t.equal(code, 1)
    t.match(stdout, `akv-injector.io/${key}: unknown annotation`)
  }
})

t.test('who guesses a stand-in is refused', async (t) => {
  const reserved = /standard input:\d+:\d+: a value here looks like the stand-in of a placeholder/
  const shapes = ['name', 'uuid', 'version', 'duration'] as const
  for (const guess of [
    ...shapes.map((shape) => standInOf(shape, 0).text),
    `kv-${standInOf('name', 999).text}-a`,
  ]) {
    const input = classText({ vault: '${VAULT}', client: guess })
    t.match(await check(input), { code: 2, stderr: reserved })
    t.match(await runInProcess(['migrate', '-'], { input, env }), { code: 2 })
    const others = classText({ vault: '${VAULT}' }).replace('image: app', `image: ${guess}`)
    t.equal((await check(others)).code, 0, 'where no placeholder is looked for, it is just text')
  }
})

t.test('a placeholder has only printable characters', async (t) => {
  for (const text of ['${A:=\u202ea}', '${A^\u202ea}', '${A\u202e}', '${A:-\u2028}']) {
    const { stdout, stderr } = await check(classText({ vault: `"${text}"` }))
    t.notMatch(stdout + stderr, /[\u202e\u2028]/)
    t.match(stdout, /\\u\{20/)
  }
})

t.test('a name of a placeholder never reaches a shell as it is', async (t) => {
  const input = classText({ vault: 'team-a', client: '${IFS}' }).replaceAll(
    'serviceAccountName: web',
    'serviceAccountName: ${PATH:-a;reboot}',
  )
  const { stdout } = await check(input.replaceAll(':-a;reboot', '^a;reboot'))
  t.match(stdout, `# PLACEHOLDER_IFS is the value of \${IFS} in the files.`)
  t.match(stdout, `[?clientId=='\${PLACEHOLDER_IFS}'].name`)
  t.match(stdout, 'system:serviceaccount:shop:"${PLACEHOLDER_PATH}"')
  const commands = stdout
    .split('\n')
    .filter((line) => line.startsWith('  az ') || line.startsWith('  IDENTITY'))
  t.ok(commands.length >= 2)
  t.notMatch(commands.join('\n'), /reboot|\$\{IFS|\$\{PATH/)
})

t.test('mistakes of the options name what is accepted, and no value', async (t) => {
  const folder = t.testdir({ values: 'TOKEN="hunter2\nhunter3"\n' })
  for (const [args, sentence] of [
    [['--set', 'hunter2'], '--set: expected NAME=VALUE'],
    [['--set', `X=hunter2${'x'.repeat(3000)}`], '--set: the value of X is longer than 2000'],
    [['--from-env-file', join(folder, 'values')], 'values: the value of TOKEN is longer than 2000'],
    [['--from-env-file', join(folder, 'none')], 'none: no such file'],
  ] as const) {
    const { code, stdout, stderr } = await check(storeText({ vault: 'team-a' }), ...args)
    t.match({ code, stderr }, { code: 2, stderr: sentence })
    t.notMatch(stdout + stderr, 'hunter2')
  }
})

t.test('what may be the object that is named, once there is a value, is undecided', async (t) => {
  const [pod, aClass] = classText({ vault: 'team-a' }).split('---\n').toReversed()
  const [aStore, , externalSecret] = storeText({ vault: 'team-a' }).split('---\n')
  const open = (text = '') => text.replace('namespace: shop', 'namespace: ${NS}')
  for (const [documents, title] of [
    [[pod, open(aClass)], 'Pod/web'],
    [[open(pod), aClass], 'Pod/web'],
    [[pod, aClass?.replace('name: kv', 'name: k${X}')], 'Pod/web'],
    [[externalSecret, open(aStore)], 'ExternalSecret/db-0'],
  ] as const) {
    const { code, stdout } = await check(documents.join('---\n'))
    t.equal(code, 0)
    t.match(stdout, `${title} (standard input): undecided without \${`)
  }
  const other = aClass?.replace('name: kv', 'name: x${X}')
  t.match(await check([pod, other].join('---\n')), { code: 1, stdout: /kv: is not among/ })
})

t.test('which account a store of the cluster names is undecided with its namespace', async (t) => {
  const [aStore = '', ...others] = storeText({ vault: 'team-a' }).split('---\n')
  const cluster = (namespace: string, more = '') =>
    [
      aStore
        .replace('kind: SecretStore', 'kind: ClusterSecretStore')
        .replace('name: web\n', `name: web\n        namespace: ${namespace}\n${more}`),
      ...others.map((text) =>
        text.replace('secretStoreRef:', 'secretStoreRef:\n    kind: ClusterSecretStore'),
      ),
    ].join('---\n')
  const conditions = '  conditions:\n    - namespaces: [a, "${NS}"]\n'
  for (const input of [cluster('${NS}'), cluster('shop', conditions)]) {
    const { code, stdout } = await check(input)
    t.equal(code, 0)
    t.match(stdout, 'ExternalSecret/db-0 (standard input): undecided without ${NS}')
    t.match(
      (await check(input, '--set', 'NS=shop')).stdout,
      'would be synced as ServiceAccount web',
    )
  }
})
