import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { excludedNamespaces } from '../../../repository/check/find/find-excluded-namespace.ts'
import { readRendered } from '../../manifests/rendered.ts'
import { podText, root, run } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const objects = { vault: 'team-a', secrets: 'db-password' }

t.test('check reports every example as injected, served or synced', async (t) => {
  const folder = 'manifests/examples'
  const files = readdirSync(join(root, folder)).filter((name) => name !== 'vault.yaml')
  const { code, stdout } = await run(['check', ...files.map((name) => `${folder}/${name}`)])
  t.equal(code, 0)
  const outcome = (name: string) => {
    if (name.startsWith('sync-')) return 'synced'
    return name === 'csi-volume.yaml' ? 'served' : 'injected'
  }
  for (const name of files) t.match(stdout, `(${folder}/${name}): would be ${outcome(name)}`)
  t.match(stdout, /file +\/etc\/app\/secrets\/shared\/token \(0444\) from team-b:shared-token/)
  t.match(stdout, /variable +DB_PASSWORD from team-a:db-password/)
})

t.test('check reports every problem of a pod that would be denied, and exits with 1', async (t) => {
  const input = podText({ ...objects, refresh: '5', secretes: 'x' })
  const { code, stdout } = await run(['check', '-'], { input })
  t.equal(code, 1)
  t.match(stdout, 'Pod/web (standard input): would be denied')
  t.match(stdout, 'akv-injector.io/refresh "5": expected a duration')
  t.match(
    stdout,
    'akv-injector.io/secretes: unknown annotation; did you mean akv-injector.io/secrets?',
  )
})

t.test('check knows the administrator’s version of Kubernetes', async (t) => {
  const input = podText({ ...objects, env: 'API_KEY=api-key' })
  const env = { AKV_INJECTOR_KUBERNETES_VERSION: 'v1.34.2' }
  const { code, stdout } = await runInProcess(['check', '-'], { input, env })
  t.equal(code, 1)
  t.match(stdout, 'akv-injector.io/env: needs Kubernetes 1.35 or later, but pods run on 1.34 here')
  t.equal((await runInProcess(['check', '-'], { input })).code, 0, 'without it, env is allowed')
})

t.test('check finds every pod template, also in lists and in several documents', async (t) => {
  const { metadata, spec } = JSON.parse(podText(objects))
  const template = { metadata: { annotations: metadata.annotations }, spec }
  const kinds = [
    'Deployment',
    'StatefulSet',
    'DaemonSet',
    'ReplicaSet',
    'Job',
    'ReplicationController',
  ]
  const workloads = kinds.map((kind) => ({ kind, metadata: { name: 'x' }, spec: { template } }))
  const cronJob = {
    kind: 'CronJob',
    metadata: { name: 'x' },
    spec: { jobTemplate: { spec: { template } } },
  }
  const list = { kind: 'List', items: [cronJob, { kind: 'Service', metadata: { name: 'x' } }] }
  const input = [...workloads, list].map((object) => JSON.stringify(object)).join('\n---\n')
  const { code, stdout } = await runInProcess(['check', '-'], { input })
  t.equal(code, 0)
  for (const kind of [...kinds, 'CronJob'])
    t.match(stdout, `${kind}/x (standard input): would be injected`)
  t.notMatch(stdout, 'Service/x')
})

t.test('annotations on a workload instead of its pod template are a problem', async (t) => {
  const { metadata, spec } = JSON.parse(podText(objects))
  const input = JSON.stringify({ kind: 'Deployment', metadata, spec: { template: { spec } } })
  const { code, stdout } = await runInProcess(['check', '-'], { input })
  t.equal(code, 1)
  t.match(stdout, 'not injected: it has no akv-injector.io annotations')
  for (const key of ['vault', 'secrets'])
    t.match(
      stdout,
      `akv-injector.io/${key}: does nothing here, because the webhook reads pods; move it to spec.template.metadata.annotations`,
    )
  const both = { kind: 'Deployment', metadata, spec: { template: { metadata, spec } } }
  t.match(await runInProcess(['check', '-'], { input: JSON.stringify(both) }), {
    code: 0,
    stdout: /warning: .*because only the one on the pod template counts; remove it/,
  })
  const job = { kind: 'CronJob', spec: { jobTemplate: { metadata, spec: { template: { spec } } } } }
  t.match(await runInProcess(['check', '-'], { input: JSON.stringify(job) }), {
    code: 1,
    stdout: /move it to spec.jobTemplate.spec.template.metadata.annotations/,
  })
})

t.test('check warns of a pod in a namespace that a default install ignores', async (t) => {
  const { webhooks } = readRendered(
    readFileSync(join(root, 'manifests/install.yaml'), 'utf8'),
  ).find('MutatingWebhookConfiguration')
  const [{ values }] = webhooks[0].namespaceSelector.matchExpressions
  t.strictSame(values, excludedNamespaces)
  const denied = podText({ ...objects, refresh: '5' })
  for (const [input, code] of [
    [podText(objects), 0],
    [denied, 1],
  ] as const) {
    t.match(await runInProcess(['check', '-', '-n', 'kube-system'], { input }), {
      code,
      stdout: /^ {2}warning: a default install ignores pods in the namespace kube-system,/m,
    })
    t.notMatch((await runInProcess(['check', '-', '-n', 'shop'], { input })).stdout, 'never looks')
  }
})

t.test(
  'check applies the administrator’s settings, and the namespace of --namespace',
  async (t) => {
    const env = { AKV_INJECTOR_ALLOWED_VAULTS: 'shop=team-a' }
    const input = podText(objects)
    t.match(await runInProcess(['check', '-', '-n', 'shop'], { input, env }), { code: 0 })
    t.match(await runInProcess(['check', '-'], { input, env }), {
      code: 1,
      stdout: /"team-a": the administrator does not allow namespace "default" to use this vault/,
    })
  },
)

t.test('check reads the defaults of namespaces from the webhook’s file', async (t) => {
  const folder = t.testdir({
    'defaults.yaml': 'shop: { vault: shop-prod, refresh: 5m }',
    'wrong.yaml': 'shop: { refresh: 5 }',
  })
  const env = { AKV_INJECTOR_DEFAULTS_FILE: `${folder}/defaults.yaml` }
  const input = podText({ secrets: 'db' })
  t.match(await runInProcess(['check', '-', '-n', 'shop'], { input, env }), {
    code: 0,
    stdout: /refreshes every 300 s\n.*defaults +of namespace shop: vault shop-prod, refresh 5m\n/,
  })
  t.match(await runInProcess(['check', '-', '-n', 'pay'], { input, env }), { code: 1 })
  for (const [file, problem] of [
    ['wrong.yaml', 'shop.refresh: expected a duration'],
    ['missing.yaml', 'the file cannot be read'],
  ])
    t.match(
      await runInProcess(['check', '-'], {
        input,
        env: { AKV_INJECTOR_DEFAULTS_FILE: `${folder}/${file}` },
      }),
      { code: 2, stderr: problem },
    )
})

t.test('check names a file or setting that it can’t read, and exits with 2', async (t) => {
  const folder = t.testdir({ 'broken.yaml': 'a: [1\nb: "x' })
  t.match(await run(['check', `${folder}/none.yaml`]), {
    code: 2,
    stderr: /none.yaml: no such file/,
  })
  t.match(await run(['inject', folder]), { code: 2, stderr: /: is a directory; pass files/ })
  t.match(await run(['check', `${folder}/broken.yaml`]), {
    code: 2,
    stderr: /broken.yaml:2:1: /,
  })
  t.match(
    await run(['check', '-'], {
      input: podText(objects),
      env: { AKV_INJECTOR_CLOUDS: 'x', AKV_INJECTOR_ALLOW_ROOT: 'maybe' },
    }),
    {
      code: 2,
      stderr:
        /AKV_INJECTOR_CLOUDS[\s\S]*AKV_INJECTOR_ALLOW_ROOT|AKV_INJECTOR_ALLOW_ROOT[\s\S]*AKV_INJECTOR_CLOUDS/,
    },
  )
})

t.test('check answers for a file that isn’t a manifest, and for an alias bomb', async (t) => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(9)}]`).join('\n')}\n`
  const folder = t.testdir({ 'bomb.yaml': bomb, 'text.txt': 'just words', empty: '' })
  t.match(await runInProcess(['check', `${folder}/bomb.yaml`]), { code: 2, stderr: /alias/i })
  t.match(await runInProcess(['check', '-'], { input: '? '.repeat(300) }), {
    code: 2,
    stderr: /standard input:1:3: a list or a mapping can't be a key/,
  })
  t.match(await runInProcess(['check', `${folder}/text.txt`, `${folder}/empty`]), {
    code: 0,
    stdout: /nothing to check/,
  })
  writeFileSync(
    join(folder, 'odd.json'),
    '{"kind":"Deployment","metadata":[],"spec":{"template":7}}',
  )
  t.match(await runInProcess(['check', `${folder}/odd.json`]), {
    code: 0,
    stdout: /nothing to check/,
  })
})

/** A ServiceAccount with these annotations of ours, as JSON. */
const accountText = (annotations: Readonly<Record<string, unknown>>, more: object = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'web',
      annotations: {
        ...Object.fromEntries(
          Object.entries(annotations).map(([key, value]) => [`akv-injector.io/${key}`, value]),
        ),
        ...more,
      },
    },
  })

t.test(
  'check reports which Secrets of a ServiceAccount would be synced, and what is still missing',
  async (t) => {
    const sync = `
- { secret: db, data: "password=db-password, url=db#connection.url, pin=x?", labels: { app: web } }
- { secret: web-tls, type: kubernetes.io/tls, data: tls/web }
- { secret: app, data: "team-b:config#*" }`
    const input = accountText(
      { vault: 'team-a', refresh: '5m', sync },
      { 'azure.workload.identity/client-id': '22222222-2222-2222-2222-222222222222' },
    )
    const { code, stdout } = await runInProcess(['check', '-', '-n', 'shop'], { input })
    t.equal(code, 0)
    t.strictSame(stdout.split('\n'), [
      'ServiceAccount/web (standard input): would be synced',
      '  Secret     db (Opaque, app=web): password ← team-a:db-password, url ← team-a:db#connection.url, pin ← team-a:x, optional',
      '  Secret     web-tls (kubernetes.io/tls): {tls.crt,tls.key,ca.crt} ← team-a:tls/web',
      '  Secret     app (Opaque): * ← team-b:config#*',
      '  refresh    every 300 s',
      '  needs      ServiceAccount web enabled in namespace shop (akv-injector rbac prints the Role)',
      '',
      '1 file, 0 pods checked, 0 problems, 0 warnings, 0 objects not looked at',
      '',
    ])
  },
)

t.test('check warns of an account without a client ID, because it can still get one', async (t) => {
  const input = accountText({ sync: '- { secret: db, data: "team-a:x" }' })
  t.match(await runInProcess(['check', '-'], { input }), {
    code: 0,
    stdout: /warning: no client ID is configured; annotate azure.workload.identity/,
  })
})

t.test('check reports every problem of an account, and exits with 1', async (t) => {
  const input = accountText({
    vault: 'team-a',
    refresh: '5',
    sync: '- { secret: DB, data: a/b=x }',
  })
  const { code, stdout } = await runInProcess(['check', '-'], { input })
  t.equal(code, 1)
  t.match(stdout, 'ServiceAccount/web (standard input): would not be synced')
  t.match(stdout, 'akv-injector.io/refresh "5": expected a duration')
  t.match(stdout, 'akv-injector.io/sync: item 1: secret "DB": expected the name of a Secret')
  t.match(
    stdout,
    'akv-injector.io/sync: item 1: data, entry "a/b=x": a key of a Secret must not contain',
  )
})

t.test('accounts that request nothing are ignored, or reported as not synced', async (t) => {
  const [plain, off, other] = [
    accountText({}, { 'azure.workload.identity/client-id': 'x' }),
    accountText({ inject: 'false', sync: '?' }),
    accountText({ vault: 'team-a' }),
  ]
  t.match(await runInProcess(['check', '-'], { input: plain }), {
    code: 0,
    stdout: /nothing to check/,
  })
  const input = JSON.stringify({
    kind: 'List',
    items: [off, other].map((text) => JSON.parse(text)),
  })
  const { code, stdout } = await runInProcess(['check', '-'], { input })
  t.equal(code, 0)
  t.match(
    stdout,
    'ServiceAccount/web (standard input): not synced: akv-injector.io/inject is "false"',
  )
  t.match(stdout, 'not synced: it has no akv-injector.io/sync annotation')
})

t.test(
  'check reports names that an API server would refuse, and makes them printable',
  async (t) => {
    const sync = { sync: '- { secret: db, data: "team-a:x" }' }
    const named = (metadata: object) => {
      const account = JSON.parse(accountText(sync))
      return JSON.stringify({ ...account, metadata: { ...account.metadata, ...metadata } })
    }
    for (const name of [
      'Bad_Name',
      '__proto__',
      '\u001b[31mred\nServiceAccount/ok: would be synced',
    ]) {
      const { code, stdout } = await runInProcess(['check', '-'], { input: named({ name }) })
      t.equal(code, 1, name)
      t.match(stdout, 'would not be synced\n  problem: line 1: metadata.name "')
      t.notMatch(stdout, '\u001b')
      t.equal(stdout.split('\n').length, 5)
    }
    const { code, stdout } = await runInProcess(['check', '-'], {
      input: named({ namespace: 'a\u001b[2Jb' }),
    })
    t.equal(code, 1)
    t.match(stdout, /metadata\.namespace "a.*": expected at most 63/)
    t.notMatch(stdout, '\u001b')
  },
)

t.test('check and inject make a container’s name and a misplaced key printable', async (t) => {
  const bad = '\u001b[31m'
  const pod = podText(
    { vault: 'team-a', secrets: 'x' },
    { containers: [{ name: bad, image: 'x' }] },
  )
  const template = { metadata: {}, spec: { containers: [] } }
  const metadata = { name: bad, annotations: { [`akv-injector.io/${bad}`]: '' } }
  const deployment = JSON.stringify({ kind: 'Deployment', metadata, spec: { template } })
  for (const command of ['check', 'inject']) {
    const { stderr, ...ended } = await runInProcess([command, '-'], {
      input: `${pod}\n---\n${deployment}`,
    })
    t.notMatch(stderr, bad)
    if (command === 'check') t.notMatch(ended.stdout, bad)
  }
})

t.test('check reports whether a Secret would be adopted, or its mistake', async (t) => {
  const secret = (annotations: Readonly<Record<string, unknown>>) =>
    accountText(annotations).replace('ServiceAccount', 'Secret')
  t.match(await runInProcess(['check', '-'], { input: secret({ adopt: 'true', synced: 'x' }) }), {
    code: 0,
    stdout: 'Secret/web (standard input): would be adopted by the ServiceAccount that requests it',
  })
  for (const [annotations, problem] of [
    [{ adoptt: 'true' }, /adoptt: unknown annotation; .*akv-injector\.io\/adopt\?$/m],
    [{ adopt: 'True' }, /adopt "True": expected "true"/],
    [{ adopt: true }, /adopt "true": must be a string; quote the value/],
    [{ sync: '[]' }, /sync: belongs on a pod or a ServiceAccount; a Secret has adopt/],
  ] as const)
    t.match(await runInProcess(['check', '-'], { input: secret(annotations) }), {
      code: 1,
      stdout: problem,
    })
  t.match(await runInProcess(['check', '-'], { input: secret({}) }), { stdout: /nothing to check/ })
})

t.test('inject and fetch ignore ServiceAccounts', async (t) => {
  const input = accountText({ vault: 'team-a', sync: '- { secret: DB }' })
  const injected = await runInProcess(['inject', '-'], { input })
  t.match(injected, { code: 0, stderr: '' })
  t.strictSame(JSON.parse(injected.stdout), JSON.parse(input))
  t.match(await runInProcess(['fetch', '-', '-o', t.testdir()], { input }), {
    code: 2,
    stderr: /has no pod or pod template/,
  })
})

t.test('check reports names that every JavaScript object has like any other mistake', async (t) => {
  const pod = {
    kind: 'Pod',
    metadata: {
      name: { toString: 1 },
      annotations: {
        'akv-injector.io/vault': 'team-a',
        'akv-injector.io/objects': '- { objectName: a, objectType: constructor }',
      },
    },
    spec: { containers: [{ name: 'app' }] },
  }
  const { code, stdout } = await runInProcess(['check', '-'], {
    input: ['constructor', '__proto__', 'Pod']
      .map((kind) => JSON.stringify({ ...pod, kind }))
      .join('\n---\n'),
  })
  t.equal(code, 1)
  t.match(stdout, 'Pod/unnamed (standard input): would be denied')
})

t.test(
  'check shows an annotation without quotes as it was written, whatever YAML reads it as',
  async (t) => {
    const manifest = (kind: string, annotations: string, more = '') =>
      `kind: ${kind}\nmetadata:\n  name: web\n  annotations:\n${annotations}${more}`
    const containers = 'spec: { containers: [{ name: app }] }\n'
    const pod = manifest(
      'Pod',
      `    akv-injector.io/vault: &v 0123
    akv-injector.io/secrets: a_b
    akv-injector.io/file-mode: 0400
    akv-injector.io/refresh: 1_0
    akv-injector.io/inject: yes
    akv-injector.io/run-as: *v
    other.example/n: 0400
`,
      containers,
    )
    const { code, stdout } = await runInProcess(['check', '-'], { input: pod })
    t.equal(code, 1)
    for (const [key, found] of [
      ['vault', '0123'],
      ['file-mode', '0400'],
      ['refresh', '1_0'],
      ['inject', 'yes'],
      ['run-as', '0123'],
    ])
      t.match(stdout, `: akv-injector.io/${key} "${found}": must be a string; quote the value\n`)
    t.match(stdout, '"a_b" isn\'t a valid object name', 'and it hides nothing else')
    t.notMatch(stdout, 'other.example')

    const mode = '    akv-injector.io/file-mode: 0400\n    akv-injector.io/secrets: team-a:a\n'
    const quoted = mode.replace('0400', '"0400"')
    const sentence = /akv-injector\.io\/file-mode "0400": must be a string; quote the value/
    const input = manifest('Pod', mode, containers)
    t.match(await runInProcess(['inject', '-'], { input }), {
      code: 1,
      stdout: '',
      stderr: sentence,
    })
    t.match(await runInProcess(['demo', '-'], { input }), { code: 2, stderr: sentence })
    t.match(await runInProcess(['check', '-'], { input: manifest('Pod', quoted, containers) }), {
      code: 0,
    })
    const template = `spec:\n  template:\n    metadata:\n      annotations:\n${mode.replaceAll('    ', '        ')}    spec: { containers: [{ name: app }] }\n`
    const list = `kind: List\nitems:\n- kind: Deployment\n  metadata: { name: web }\n${template.replace(/^/gm, '  ')}`
    t.match(await runInProcess(['check', '-'], { input: list }), { code: 1, stdout: sentence })
    for (const [kind, key] of [
      ['ServiceAccount', 'refresh'],
      ['Secret', 'adopt'],
    ] as const)
      t.match(
        await runInProcess(['check', '-'], {
          input: manifest(kind, `    akv-injector.io/${key}: 0400\n`),
        }),
        {
          code: 1,
          stdout: new RegExp(`akv-injector\\.io/${key} "0400": must be a string; quote the value`),
        },
      )
  },
)

t.test(
  'an empty standard input is a failure, because the command before the pipe may have failed',
  async (t) => {
    for (const [command, input] of [
      ['check', ''],
      ['identity', ''],
      ['check', ' \n'],
    ] as const)
      t.match(await runInProcess([command, '-'], { input }), {
        code: 2,
        stderr: /standard input: is empty; if a command writes it, such as helm template/,
      })
  },
)
