import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { podText, root, run, start } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

/** A folder of its own for each run, so that what is left behind is seen. */
const isolated = (folder: string) => ({ TMPDIR: folder })

/** Nothing is made up beside the caller's own data. */
const exampleData = ['--vault-data', 'manifests/examples/vault.yaml']

t.test(
  'the demo runs its example to the end, prints plain lines, and leaves nothing behind',
  async (t) => {
    const folder = t.testdir()
    const { code, stdout, stderr } = await run(['demo'], { env: isolated(folder) })
    t.equal(stderr, '')
    t.equal(code, 0)
    t.match(stdout, 'allowed, with a patch of 5 operations')
    t.match(stdout, /0444 +\d+ B +db-password\n/)
    t.match(stdout, 'Variables, for the kubelet to read: API_KEY')
    const [, before, after] = /\.\.data -> (\S+)\n.*\.\.data -> (\S+)\n/.exec(stdout) ?? []
    t.ok(before && after && before !== after, 'the link moved')
    t.notMatch(stdout, '\u001b[', 'no colour into a pipe')
    t.notMatch(stdout, 'correct horse', 'no value is shown')
    t.strictSame(readdirSync(folder), [])
  },
)

t.test('the demo runs the caller’s own pod and vault data', async (t) => {
  const folder = t.testdir({
    tmp: {},
    'pod.json': podText(
      {
        vault: 'mine',
        secrets: 'a/b=token',
        'client-id': '44444444-4444-4444-4444-444444444444',
        'tenant-id': '11111111-1111-1111-1111-111111111111',
      },
      { serviceAccountName: 'me' },
    ),
    'vault.yaml': `identities:
  - clientId: 44444444-4444-4444-4444-444444444444
    federatedCredentials: [{ subject: "system:serviceaccount:default:me" }]
vaults:
  mine: { readers: ["*"], secrets: { token: swordfish } }
`,
  })
  const { code, stdout } = await runInProcess(
    ['demo', `${folder}/pod.json`, '--vault-data', `${folder}/vault.yaml`],
    { env: isolated(`${folder}/tmp`) },
  )
  t.equal(code, 0)
  t.match(stdout, /0444 +9 B +a\/b\n/)
})

t.test('the demo serves volumes of the CSI driver, with classes from the file', async (t) => {
  const folder = t.testdir()
  const { code, stdout, stderr } = await runInProcess(
    ['demo', 'manifests/examples/csi-volume.yaml', ...exampleData],
    { env: { ...isolated(folder), AKV_INJECTOR_CSI_REFRESH: '2m' } },
  )
  t.equal(stderr, '')
  t.equal(code, 0, stdout)
  t.match(stdout, /https:\/\/localhost:\d+\/mutate\/csi\n/)
  t.match(stdout, '"classes":["team-a","team-b"]')
  t.match(stdout, /Files of the volume team-a.*\n.*0644 +28 B +DB_PASSWORD\n.* tls\/web\.pem\n/)
  t.match(stdout, /Files of the volume team-b.*\n.*0644 +24 B +shared-token\n/)
  t.notMatch(stdout, 'made up for this run')
  const [, before, after] = /\.\.data -> (\S+)\n.*\.\.data -> (\S+)\n/.exec(stdout) ?? []
  t.ok(before && after && before !== after, 'the link moved')
  t.notMatch(stdout, /correct horse|PRIVATE KEY/, 'no value is shown')
  t.strictSame(readdirSync(folder), [])
})

t.test('the demo names a class that isn’t in the file, and explains a single fetch', async (t) => {
  const folder = t.testdir({ tmp: {} })
  const documents = readFileSync(join(root, 'manifests/examples/csi-volume.yaml'), 'utf8')
  const [account = '', teamA = '', teamB = '', pod = ''] = documents.split('\n---\n')
  const write = (...parts: string[]) => {
    writeFileSync(join(folder, 'pods.yaml'), parts.join('\n---\n'))
    return runInProcess(['demo', `${folder}/pods.yaml`, ...exampleData], {
      env: isolated(`${folder}/tmp`),
    })
  }
  t.match(await write(account, teamA, pod), {
    code: 1,
    stdout:
      /volume team-b, SecretProviderClass team-b: namespace default has no such SecretProviderClass/,
  })
  const ofOthers = [teamA, teamB].map((manifest) =>
    manifest.replace('provider: azure', 'provider: vault'),
  )
  t.match(await write(account, ...ofOthers, pod), {
    code: 1,
    stdout: /"reason":"other-provider"[\s\S]*not injected; the reason is in the log above/,
  })
  t.match(await write(teamB, account, teamA, pod), {
    code: 0,
    stdout: /csi\.refresh is 0 by default/,
  })
})

t.test('the demo fails with the reason if the pod is denied or the agent gives up', async (t) => {
  const folder = t.testdir({
    tmp: {},
    'denied.json': podText({ vault: 'team-a', secrets: 'a', refresh: 'x' }),
    'absent.json': podText(
      {
        vault: 'team-a',
        secrets: 'nothing-of-this-name',
        'client-id': '22222222-2222-2222-2222-222222222222',
        'tenant-id': '11111111-1111-1111-1111-111111111111',
      },
      { serviceAccountName: 'web' },
    ),
  })
  const env = isolated(`${folder}/tmp`)
  t.match(await runInProcess(['demo', `${folder}/denied.json`], { env }), {
    code: 1,
    stdout: /denied:[\s\S]*akv-injector.io\/refresh "x"/,
  })
  t.match(await runInProcess(['demo', `${folder}/absent.json`, ...exampleData], { env }), {
    code: 1,
    stdout: /AKV_OBJECT_NOT_FOUND/,
  })
  t.strictSame(readdirSync(`${folder}/tmp`), [])
})

t.test('the demo names an invalid file, and starts nothing', async (t) => {
  const folder = t.testdir({
    'plain.json': '{"kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[]}}',
    'vault.yaml': 'vaults: { x: 1 }',
  })
  t.match(await runInProcess(['demo', `${folder}/plain.json`]), {
    code: 2,
    stderr: /no pod or pod template has an akv-injector.io/,
  })
  t.match(await runInProcess(['demo', '--vault-data', `${folder}/vault.yaml`]), {
    code: 2,
    stderr: /is not valid data for the emulator\n/,
  })
})

t.test('Ctrl-C ends the demo and cleans up, with --keep and at any other time', async (t) => {
  const folder = t.testdir()
  const { child, output, ended } = start(['demo', '--keep'], isolated(folder))
  while (!output.stdout.includes('until Ctrl-C'))
    await new Promise((resolve) => child.stdout.once('data', resolve))
  t.equal(readdirSync(folder).length, 1)
  child.kill('SIGINT')
  t.match(await ended, { code: 0 })
  t.strictSame(readdirSync(folder), [])

  const early = start(['demo'], isolated(folder))
  while (!early.output.stdout.includes('The agent'))
    await new Promise((resolve) => early.child.stdout.once('data', resolve))
  t.equal(readdirSync(folder).length, 1)
  early.child.kill('SIGINT')
  t.match(await early.ended, { code: 1 })
  t.strictSame(readdirSync(folder), [])
})

t.test('the demo reports a pod with variables only, and a pod whose vault is absent', async (t) => {
  const identity = {
    'client-id': '22222222-2222-2222-2222-222222222222',
    'tenant-id': '11111111-1111-1111-1111-111111111111',
    refresh: '5m',
  }
  const spec = { serviceAccountName: 'web' }
  const folder = t.testdir({
    'env.json': podText({ vault: 'team-a', env: 'api-key', ...identity }, spec),
    'absent.json': podText({ secrets: 'other:db?', ...identity }, spec),
  })
  const variables = await runInProcess(['demo', `${folder}/env.json`])
  t.match(variables, { code: 0, stdout: /All files switched in one step/ })
  t.match(await runInProcess(['demo', `${folder}/absent.json`, ...exampleData]), {
    code: 0,
    stdout: /No object of this pod can be rotated/,
  })
})

t.test('the demo applies the administrator’s settings', async (t) => {
  const folder = t.testdir({ 'pod.json': podText({ secrets: 'x' }) })
  t.match(await runInProcess(['demo', `${folder}/pod.json`], { env: { AKV_INJECTOR_NOPE: '1' } }), {
    code: 2,
    stderr: /AKV_INJECTOR_NOPE/,
  })
  t.match(await runInProcess(['demo', `${folder}/pod.json`, ...exampleData]), {
    code: 1,
    stdout: /it names no vault/,
  })
})

t.test('the demo ends and cleans up when its reader closes the pipe', async (t) => {
  const folder = t.testdir()
  const { child, ended } = start(['demo'], isolated(folder))
  child.stdout.once('data', () => child.stdout.destroy())
  const { stderr } = await ended
  t.notMatch(stderr, 'EPIPE')
  t.strictSame(readdirSync(folder), [])
})
