import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseEmulatorData } from '../../../emulator/data/parse-data.ts'
import { type Emulator, startEmulator } from '../../../emulator/emulator.ts'
import { podText, root, run } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const clientId = '22222222-2222-2222-2222-222222222222'
const tenantId = '11111111-1111-1111-1111-111111111111'

async function stage(): Promise<{
  emulator: Emulator
  env: Record<string, string>
  folder: string
}> {
  const parsed = parseEmulatorData(
    readFileSync(join(root, 'manifests/examples/vault.yaml'), 'utf8'),
  )
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join())
  const emulator = await startEmulator({ data: parsed.value })
  t.teardown(() => emulator.close())
  const folder = t.testdir()
  const token = await emulator.serviceAccountToken({ namespace: 'default', serviceAccount: 'web' })
  writeFileSync(join(folder, 'token'), token)
  writeFileSync(join(folder, 'ca.crt'), emulator.caPem)
  return {
    emulator,
    folder,
    env: {
      AKV_INJECTOR_CLOUD: 'custom',
      AKV_INJECTOR_AUTHORITY_HOST: emulator.url,
      AKV_INJECTOR_VAULT_URL: emulator.vaultUrl,
      AKV_INJECTOR_CA_FILE: join(folder, 'ca.crt'),
      AZURE_CLIENT_ID: clientId,
      AZURE_TENANT_ID: tenantId,
      // Of no consequence: the SDKs don't see it.
      MSAL_FORCE_REGION: 'westeurope',
    },
  }
}

const servedPod = `
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: { akv-injector.io/secrets: shop/key=team-a:api-key }
spec:
  serviceAccountName: web
  containers:
    - name: app
      image: app
      volumeMounts: [{ name: shop, mountPath: /mnt/shop, readOnly: true }]
  volumes:
    - name: shop
      csi:
        driver: secrets-store.csi.k8s.io
        readOnly: true
        volumeAttributes: { secretProviderClass: shop-kv }
    - name: certificates
      csi:
        driver: secrets-store.csi.k8s.io
        readOnly: true
        volumeAttributes: { secretProviderClass: shop-certificates }
`

const secretClass = (name: string, object: string) => `
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: ${name} }
spec:
  provider: azure
  parameters:
    keyvaultName: team-a
    clientID: ${clientId}
    tenantId: ${tenantId}
    objects: |
      array:
        - |
          ${object}
`
const classes = [
  secretClass('shop-kv', 'objectName: db-password\n          objectType: secret'),
  secretClass(
    'shop-certificates',
    'objectName: web-tls\n          objectType: secret\n          objectAlias: tls/web.pem',
  ),
].join('---\n')

t.test('fetch signs in and writes what the agent would write', async (t) => {
  const { env, folder } = await stage()
  const tokenFile = join(folder, 'token')
  const output = join(folder, 'out')

  await t.test('fetch fetches every type of object with a federated token file', async (t) => {
    const input = podText({
      vault: 'team-a',
      secrets: 'db-password, certs=tls/web-tls, log=app-config#log',
      env: 'API=api-key, DB=db-password',
      'template.app.conf': 'password=${db-password}\n',
    })
    const variablesFile = join(folder, 'env')
    const args = ['--federated-token-file', tokenFile, '--variables', variablesFile]
    const { code, stdout, stderr } = await run(['fetch', '-', '-o', output, ...args], {
      input,
      env,
    })
    t.equal(stderr, '')
    t.equal(code, 0)
    for (const path of ['db-password', 'certs/tls.key', 'certs/ca.crt', 'log', 'app.conf'])
      t.match(stdout, `${output}/${path}\n`)
    t.equal(readFileSync(join(output, 'db-password'), 'utf8'), 'correct horse battery staple')
    t.equal(
      readFileSync(join(output, 'app.conf'), 'utf8'),
      'password=correct horse battery staple\n',
    )
    t.match(readFileSync(join(output, 'certs/tls.key'), 'utf8'), '-----BEGIN PRIVATE KEY-----')
    t.match(
      readFileSync(variablesFile, 'utf8'),
      /^API='.{32}'\nDB='correct horse battery staple'\n$/,
    )
    t.match(readlinkSync(join(output, 'db-password')), '..data/db-password')
    t.notMatch(stdout, 'correct horse', 'values go to files only')
  })

  await t.test(
    'fetch uses the file that AZURE_FEDERATED_TOKEN_FILE names, and writes no variables without --variables',
    async (t) => {
      const input = podText({ vault: 'team-a', env: 'DB=db-password' })
      const withToken = { ...env, AZURE_FEDERATED_TOKEN_FILE: tokenFile }
      const { code, stdout } = await runInProcess(['fetch', '-', '-o', join(folder, 'none')], {
        input,
        env: withToken,
      })
      t.equal(code, 0)
      t.match(stdout, 'variables, not written without --variables: DB')
    },
  )

  await t.test('fetch signs in as the developer who is signed in with az', async (t) => {
    const token = await developerToken(folder, env)
    const bin = t.testdir({
      az: `#!/bin/sh\necho '{"accessToken":"${token}","expiresOn":"2099-01-01 00:00:00.000000","expires_on":4070908800}'\n`,
    })
    chmodSync(join(bin, 'az'), 0o755)
    const input = podText({ vault: 'team-a', secrets: 'db-password' })
    const path = { ...env, PATH: `${bin}:${process.env['PATH']}` }
    const result = await runInProcess(['fetch', '-', '-o', join(folder, 'az')], {
      input,
      env: path,
    })
    t.match(result, { code: 0, stderr: '' })
    t.ok(existsSync(join(folder, 'az/db-password')))
  })

  await t.test(
    'fetch says what to do if there is neither a token file nor an az login',
    async (t) => {
      const input = podText({ vault: 'team-a', secrets: 'db-password' })
      const nothing = { ...env, PATH: t.testdir() }
      t.match(
        await runInProcess(['fetch', '-', '-o', join(folder, 'x')], { input, env: nothing }),
        {
          code: 2,
          stderr: /AKV_IDENTITY_MISSING: .*--federated-token-file, or run az login/,
        },
      )
      t.notOk(existsSync(join(folder, 'x/db-password')))
    },
  )

  await t.test(
    'fetch removes the old files when it writes into the same folder again',
    async (t) => {
      const input = podText({ vault: 'team-a', secrets: 'api-key' })
      const args = ['--federated-token-file', tokenFile]
      t.match(await runInProcess(['fetch', '-', '-o', output, ...args], { input, env }), {
        code: 0,
      })
      t.equal(readdirSync(output).filter((name) => name.startsWith('..2')).length, 1)
      t.notOk(existsSync(join(output, 'db-password')))
      t.equal(statSync(output).mode & 0o777, 0o700)
    },
  )

  await t.test(
    'fetch replaces a file of variables that others can read by one that only its owner can read',
    async (t) => {
      const input = podText({ vault: 'team-a', env: 'DB=db-password' })
      const place = t.testdir({ env: 'old' })
      const variables = join(place, 'env')
      chmodSync(variables, 0o644)
      const open = openSync(variables, 'r')
      const args = ['-o', join(place, 'out'), '--federated-token-file', tokenFile]
      t.match(
        await runInProcess(['fetch', '-', ...args, '--variables', variables], { input, env }),
        {
          code: 0,
        },
      )
      t.equal(statSync(variables).mode & 0o777, 0o600)
      t.equal(readFileSync(open, 'utf8'), 'old', 'who has it open sees nothing of the new')
      closeSync(open)
      t.strictSame(readdirSync(place).sort(), ['env', 'out'])
    },
  )

  await t.test(
    'fetch doesn’t replace a symbolic link or a folder by a file of variables',
    async (t) => {
      const input = podText({ vault: 'team-a', env: 'DB=db-password' })
      const place = t.testdir({ other: 'mine', link: t.fixture('symlink', 'other'), folder: {} })
      for (const [name, problem] of [
        ['link', /link: is a symbolic link; name a file/],
        ['folder', /folder: is not a file/],
      ] as const) {
        const args = ['-o', join(place, 'out'), '--variables', join(place, name)]
        t.match(await runInProcess(['fetch', '-', ...args], { input, env }), {
          code: 2,
          stderr: problem,
        })
      }
      t.equal(readFileSync(join(place, 'other'), 'utf8'), 'mine')
    },
  )

  await t.test('fetch refuses a folder that others can enter, also through a link', async (t) => {
    const input = podText({ vault: 'team-a', secrets: 'db-password' })
    const place = t.testdir({ shared: {}, link: t.fixture('symlink', 'shared') })
    const args = ['--federated-token-file', tokenFile]
    const into = (name: string) =>
      runInProcess(['fetch', '-', '-o', join(place, name), ...args], { input, env })
    for (const [mode, shown] of [
      [0o755, /shared: is open to other users \(mode 0755\).*chmod 700/],
      [0o711, /mode 0711/],
      [0o770, /mode 0770/],
    ] as const) {
      chmodSync(join(place, 'shared'), mode)
      t.match(await into('shared'), { code: 2, stderr: shown })
    }
    t.match(await into('link'), { code: 2, stderr: /link: is open to other users/ })
    t.strictSame(readdirSync(join(place, 'shared')), [])
    chmodSync(join(place, 'shared'), 0o700)
    t.match(await into('link'), { code: 0, stderr: '' })
    t.ok(existsSync(join(place, 'shared/db-password')))
  })

  await t.test(
    'fetch reports a place that it can’t write to before it fetches anything',
    async (t) => {
      const input = podText({ vault: 'team-a', secrets: 'db-password', env: 'A=api-key' })
      const args = ['--federated-token-file', tokenFile]
      t.match(await runInProcess(['fetch', '-', '-o', tokenFile, ...args], { input, env }), {
        code: 2,
        stderr: /token: cannot be written \(EEXIST\)/,
      })
      const variables = ['--variables', '/nowhere/at/all']
      t.match(
        await runInProcess(['fetch', '-', '-o', join(folder, 'v'), ...args, ...variables], {
          input,
          env,
        }),
        {
          code: 2,
          stderr: /\/nowhere\/at: cannot be written \(ENOENT\)/,
        },
      )
    },
  )

  await t.test('each volume of the CSI driver into a folder of its own', async (t) => {
    const place = t.testdir({ 'pod.yaml': servedPod, 'classes.yaml': classes })
    const [pod, list] = ['pod.yaml', 'classes.yaml'].map((name) => join(place, name))
    const fetch = (names: readonly (string | undefined)[], more = {}) =>
      runInProcess(
        [
          'fetch',
          ...names.flatMap((name) => name ?? []),
          ...['-o', join(place, 'out'), '--federated-token-file', tokenFile],
        ],
        { env: { ...env, ...more } },
      )
    const text = (path: string) => readFileSync(join(place, 'out', path), 'utf8')

    t.match(await fetch([pod, list]), {
      code: 0,
      stderr: /^AKV_INJECTOR_CSI is not set: assuming "labelled", so volumes .* are served\n$/,
    })
    t.equal(text('shop/db-password'), 'correct horse battery staple')
    t.match(text('certificates/tls/web.pem'), /^-----BEGIN PRIVATE KEY/)
    t.equal(text('akv-injector-files/shop/key').length, 32)
    t.equal(statSync(join(place, 'out/shop/db-password')).mode & 0o777, 0o644)

    const labelled = { AKV_INJECTOR_CSI: 'labelled' }
    t.match(await fetch([pod, list], labelled), { code: 0, stderr: '' })
    t.match(await fetch([pod], labelled), {
      code: 2,
      stderr:
        /Pod\/web would be denied\n.*volume shop, SecretProviderClass shop-kv: is not among these files/,
    })
    t.match(await fetch([pod, list, '-n', 'elsewhere'], labelled), {
      code: 0,
      stderr: '',
    })
    t.match(await fetch([pod, list], { AKV_INJECTOR_CSI: 'none' }), { code: 0, stderr: '' })
    t.strictSame(
      readdirSync(join(place, 'out')).filter((name) => !name.startsWith('..')),
      ['shop'],
      'of the annotations only: the driver serves the volumes',
    )
  })

  await t.test(
    'fetch reports the code of an object that it can’t fetch, and writes nothing',
    async (t) => {
      const input = podText({ vault: 'team-a', secrets: 'db-password, nothing-of-this-name' })
      const args = ['--federated-token-file', tokenFile]
      t.match(await run(['fetch', '-', '-o', join(folder, 'y'), ...args], { input, env }), {
        code: 1,
        stderr: /AKV_OBJECT_NOT_FOUND: .*team-a:nothing-of-this-name/,
      })
      t.notOk(existsSync(join(folder, 'y/db-password')))
    },
  )
})

/** What Entra gives the federated identity is as good as what it gives a developer. */
async function developerToken(folder: string, env: Record<string, string>): Promise<string> {
  const { createSignIn } = await import('../../../keyvault/entra/sign-in.ts')
  const { createConnection } = await import('../../../keyvault/clients/connection.ts')
  const signIn = createSignIn({
    authorityHost: env['AKV_INJECTOR_AUTHORITY_HOST'] ?? '',
    audience: 'https://vault.azure.net',
    clientId,
    tenantId,
    readAssertion: () => readFileSync(join(folder, 'token'), 'utf8'),
    agent: createConnection({ ca: readFileSync(join(folder, 'ca.crt'), 'utf8'), env: {} }),
    now: Date.now,
  })
  return await signIn.token()
}

t.test('fetch refuses a file without a pod to fetch for, or with several', async (t) => {
  const pod = podText({ vault: 'team-a', secrets: 'a' })
  const deployment = JSON.stringify({
    kind: 'Deployment',
    metadata: { name: 'x' },
    spec: { template: JSON.parse(pod) },
  })
  const two = `${pod}\n---\n${deployment}`
  const fetch = (input: string, ...args: string[]) =>
    runInProcess(['fetch', '-', '-o', t.testdir(), ...args], { input })
  t.match(await fetch('{}'), { code: 2, stderr: /has no pod or pod template/ })
  t.match(await fetch(two), {
    code: 2,
    stderr: /several pods; name one with --pod: Pod\/web, Deployment\/x/,
  })
  t.match(await fetch(two, '--pod', 'Job/x'), { code: 2, stderr: /has no Job\/x/ })
  const template = JSON.parse(podText({ vault: 'team-a', secrets: 'a_b' }))
  const both = JSON.stringify({
    kind: 'A',
    metadata: { name: 'x' },
    a: { template },
    b: { template },
  })
  t.match(await fetch(both, '--pod', 'A/x'), {
    code: 2,
    stderr: '--pod: "A/x, a.template", "A/x, b.template"\n',
  })
  t.match(await fetch(both, '--pod', 'A/x, b.template'), {
    code: 2,
    stderr: 'A/x, b.template would be denied',
  })
  t.match(await fetch(podText({ vault: 'team-a', secrets: 'a_b' })), {
    code: 2,
    stderr: /Pod\/web would be denied\n.*"a_b" isn't a valid object name/,
  })
  t.match(
    await fetch(
      deployment
        .replace('"annotations"', '"labels"')
        .replace('{"name":"x"}', '{"name":"x","annotations":{"akv-injector.io/secrets":"a"}}'),
    ),
    {
      code: 2,
      stderr:
        /no pod in it has an akv-injector.io\/… annotation or a volume of .*\n.*akv-injector.io\/secrets: does nothing here/,
    },
  )
  t.match(await fetch(podText({ inject: 'false' })), {
    code: 2,
    stderr: /Pod\/web: nothing to fetch, akv-injector.io\/inject is "false"/,
  })
  t.match(
    await runInProcess(['fetch', '-'], { input: podText({ vault: 'team-a', secrets: 'a' }) }),
    {
      code: 2,
      stderr: /pass the folder to write to: --output DIR/,
    },
  )
})

t.test(
  'fetch signs in as the client and in the tenant of a ServiceAccount in the files',
  async (t) => {
    const { env, folder } = await stage()
    const { AZURE_CLIENT_ID: _, AZURE_TENANT_ID: _tenant, ...others } = env
    const pod = podText({ secrets: 'team-a:db-password' }, { serviceAccountName: 'web' })
    const account = JSON.stringify({
      kind: 'ServiceAccount',
      metadata: {
        name: 'web',
        annotations: {
          'azure.workload.identity/client-id': clientId,
          'azure.workload.identity/tenant-id': tenantId,
        },
      },
    })
    const fetchPod = (input: string, added: Record<string, string> = {}) =>
      runInProcess(
        [
          'fetch',
          '-',
          '--output',
          join(folder, 'out'),
          '--federated-token-file',
          join(folder, 'token'),
        ],
        { input, env: { ...others, ...added } },
      )
    t.match(await fetchPod(pod), { code: 2, stderr: /AKV_IDENTITY_MISSING/ })
    t.match(await fetchPod(`${account}\n---\n${pod}`), { code: 0, stderr: '' })
    const elsewhere = '99999999-9999-9999-9999-999999999999'
    t.match(
      await fetchPod(`${account}\n---\n${pod}`, { AZURE_CLIENT_ID: elsewhere }),
      { code: 0, stderr: '' },
      'the files win over the environment',
    )
  },
)
