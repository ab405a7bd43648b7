import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Emulator } from '../../emulator/emulator.ts'
import { ownNamespace } from '../../prove/install/own-install.ts'
import { emulatedAzure } from '../../prove/plan/emulated-plan.ts'
import { accountNames, namespaceName } from '../../prove/plan/facts.ts'
import { start } from '../support/run-command-line.ts'
import { runInProcess as run } from '../support/run-in-process.ts'
import { startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { namespaceText, writeHelm, writeKubectl } from './support/write-kubectl.ts'

t.setTimeout(600_000)

interface World {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly report: string
  readonly emulator: Emulator
  readonly args: readonly string[]
  has(name: string): boolean
  set(name: string, text?: string): void
  unset(name: string): void
}

async function makeWorld(t: Test): Promise<World> {
  const folder = t.testdir({ bin: {} })
  writeKubectl(join(folder, 'bin'))
  writeHelm(join(folder, 'bin'))
  const report = join(folder, 'report')
  const emulator = await startTestEmulator(t, { yaml: 'vaults: { other: {} }' })
  const path = `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`
  return {
    folder,
    env: { WORLD: folder, PATH: path },
    report,
    emulator,
    args: ['prove', '--emulated', emulator.controlUrl, '--report', report],
    has: (name) => existsSync(join(folder, name)),
    set: (name, text = '') => writeFileSync(join(folder, name), text),
    unset: (name) => rmSync(join(folder, name)),
  }
}

/** Nothing of `prove` is left, and everything else is. */
function isClean(t: Test, { emulator, has }: World): void {
  t.notOk(has('namespace'))
  t.notOk(has('install'))
  t.strictSame(emulator.names(), { identities: [], vaults: ['other'] })
}

const readReport = ({ report }: World) =>
  JSON.parse(readFileSync(join(report, 'report.json'), 'utf8'))

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(20)
}

t.test('a run says what it makes, tries it, reports it, and removes it', async (t) => {
  const world = await makeWorld(t)
  const { code, stdout } = await run([...world.args, '--yes', '--only', 'wrong-role'], world)
  t.equal(code, 0, stdout)
  t.match(stdout, /^akv-injector prove makes:\n- a vault akv-injector-prove/)
  t.match(stdout, /^wrong-role: passed \(\d+ s\)\n1 passed; /m)
  t.match(readReport(world), {
    end: 'finished',
    scenarios: [{ id: 'wrong-role', result: 'passed' }],
  })
  t.match(readFileSync(join(world.report, 'report.md'), 'utf8'), '| wrong-role | ')
  t.equal(statSync(join(world.report, 'private')).mode & 0o777, 0o700)
  isClean(t, world)
})

t.test('a scenario that fails is named, and fails the run', async (t) => {
  const world = await makeWorld(t)
  const only = ['--only', 'init', '--only', 'wrong-role', '--only', 'secret-sync']
  const { code, stdout } = await run([...world.args, '--yes', '--timeout', '1s', ...only], world)
  t.equal(code, 1)
  t.match(stdout, /^init: failed at step 2 after \d+ s\. Expected delivered, saw differs$/m)
  t.match(readReport(world).scenarios, [
    { id: 'init', result: 'failed', expected: 'delivered', seen: 'differs' },
    { id: 'wrong-role', result: 'passed' },
    { id: 'secret-sync', result: 'skipped' },
  ])
  const files = ['report.json', 'report.md'].map((name) =>
    readFileSync(join(world.report, name), 'utf8'),
  )
  t.notMatch(files.join(), 'secret of nobody')
  isClean(t, world)
})

t.test('Azure’s answers are compared with an emulator’s, and a difference is named', async (t) => {
  const world = await makeWorld(t)
  for (const account of accountNames)
    world.set(
      `token-${account}`,
      await world.emulator.serviceAccountToken({
        namespace: namespaceName,
        serviceAccount: account,
      }),
    )
  writeKubectl(join(world.folder, 'bin'), ['"create token"*) cat "$WORLD/token-$3"'])
  const args = [...world.args, '--yes', '--only', 'answers']
  const { code, stdout } = await run(args, world)
  t.equal(code, 0, stdout)
  t.match(stdout, /^answers: 17 recorded\. The emulator differs in 0 fields$/m)
  t.match(readReport(world), { scenarios: { length: 0 }, answers: { length: 17 } })
  world.emulator.addFault({
    match: { path: `/${emulatedAzure.vaultName}/secrets/expired` },
    action: { kind: 'status', status: 404 },
  })
  t.match(await run(args, world), {
    code: 0,
    stdout: 'expired differs in status: Azure has 404, the emulator 200',
  })
  t.match(
    readFileSync(join(world.report, 'report.md'), 'utf8'),
    '| expired | 404 | other | status, ',
  )
  world.emulator.clearFaults()
  writeKubectl(join(world.folder, 'bin'), ['"create token"*) exit 1'])
  t.match(await run(args, world), { code: 0, stdout: 'answers: 1 recorded' })
  isClean(t, world)
})

t.test('if the answers can’t be recorded, the rest is reported', async (t) => {
  const world = await makeWorld(t)
  // An emulator of an earlier version.
  const earlier = createServer((incoming, response) => {
    if (incoming.url === '/connection') return void response.writeHead(404).end('{}')
    const { method = '', url = '', headers } = incoming
    const forwarded = request(new URL(url, world.emulator.controlUrl), { method, headers })
    forwarded.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(forwarded)
  }).listen(0, '127.0.0.1')
  t.teardown(() => earlier.close())
  await once(earlier, 'listening')
  const { port } = earlier.address() as AddressInfo
  const control = ['prove', '--emulated', `http://127.0.0.1:${port}`, '--report', world.report]
  const only = ['--yes', '--only', 'wrong-role', '--only', 'answers']
  t.match(await run([...control, ...only], world), {
    code: 0,
    stdout: 'wrong-role: passed',
    stderr: 'the answers could not be recorded: the emulator has no /connection',
  })
  t.match(readReport(world), { end: 'finished', scenarios: [{ id: 'wrong-role' }] })
  t.notOk('answers' in readReport(world))
  isClean(t, world)
})

t.test('Ctrl-C removes what was made', async (t) => {
  const world = await makeWorld(t)
  world.set('hang-logs')
  const { child, ended } = start([...world.args, '--yes', '--only', 'wrong-role'], world.env)
  await until(() => world.has('hangs-logs'))
  t.ok(world.has('namespace'))
  t.strictSame(world.emulator.names().vaults, ['other', emulatedAzure.vaultName])
  child.kill('SIGINT')
  t.match(await ended, { code: 1, stderr: /^stopping; what was made is removed/ })
  t.match(readReport(world), {
    end: 'interrupted',
    scenarios: [{ result: 'interrupted' }],
    left: { length: 0 },
  })
  isClean(t, world)
})

t.test('a second Ctrl-C ends the removal, and what is left is named', async (t) => {
  const world = await makeWorld(t)
  world.set('hang-logs')
  const { child, ended } = start([...world.args, '--yes', '--only', 'wrong-role'], world.env)
  await until(() => world.has('hangs-logs'))
  world.set('hang-delete')
  child.kill('SIGINT')
  await until(() => world.has('hangs-delete'))
  child.kill('SIGINT')
  t.match(await ended, { code: 1, stdout: `could not be removed: namespace ${namespaceName}` })
  // Once the removal has ended, nobody looks any more.
  t.match(readReport(world).left, [{ kind: 'emulated-azure' }, { kind: 'namespace' }])
  world.unset('hang-delete')
  t.match(await run([...world.args, '--clean'], world), {
    code: 0,
    stdout: 'nothing of prove is left\n',
  })
  isClean(t, world)
})

t.test('Ctrl-C lets a call that makes something end, and then removes it', async (t) => {
  const world = await makeWorld(t)
  writeKubectl(join(world.folder, 'bin'), [
    `create*) touch "$WORLD/creates"; while [ ! -e "$WORLD/go-on" ]; do sleep 0.1; done; echo '${namespaceText}' >"$WORLD/namespace"`,
  ])
  const { child, ended } = start([...world.args, '--yes', '--only', 'wrong-role'], world.env)
  const stopping = new Promise((resolve) => child.stderr?.once('data', resolve))
  await until(() => world.has('creates'))
  child.kill('SIGINT')
  await stopping
  world.set('go-on')
  t.match(await ended, { code: 1 })
  t.match(readReport(world), { end: 'interrupted', left: { length: 0 } })
  isClean(t, world)
})

t.test(
  'everything is removed if nobody reads the output, or the report can’t be written',
  async (t) => {
    const world = await makeWorld(t)
    world.set('hang-logs')
    const { child, ended } = start([...world.args, '--yes', '--only', 'wrong-role'], world.env)
    await until(() => world.has('hangs-logs'))
    child.stdout?.destroy()
    child.stderr?.destroy()
    child.kill('SIGHUP')
    t.match(await ended, { code: 1 })
    isClean(t, world)
    world.unset('hang-logs')
    // The folder is removed in the middle, before the objects of the namespace are written to it.
    writeKubectl(join(world.folder, 'bin'), ['"get nodes"*) rm -rf "$WORLD/report"; exit 1'])
    t.match(await run([...world.args, '--yes'], world), {
      code: 1,
      stderr: /can’t go on: ENOENT.*; nothing that it made is left\n$/,
    })
    t.notOk(existsSync(world.report))
    isClean(t, world)
  },
)

t.test('all calls name the context that was current at the start', async (t) => {
  const world = await makeWorld(t)
  writeKubectl(join(world.folder, 'bin'), ['"config current-context") echo one'])
  const { code, stdout } = await run([...world.args, '--yes', '--only', 'wrong-role'], world)
  t.equal(code, 0, stdout)
  t.match(stdout, `Cluster: context one\nAzure: the emulator at ${world.emulator.controlUrl}`)
  const [first, ...others] = readFileSync(join(world.folder, 'calls'), 'utf8').trim().split('\n')
  t.equal(first, 'config current-context')
  t.ok(others.length > 5)
  for (const call of others) t.match(call, /^--context one /)
  isClean(t, world)
})

t.test('a killed run is finished by --clean, or by the next run', async (t) => {
  for (const next of [['--clean'], ['--yes', '--only', 'wrong-role']]) {
    const world = await makeWorld(t)
    world.set('hang-logs')
    const { child, ended } = start([...world.args, '--yes', '--only', 'wrong-role'], world.env)
    await until(() => world.has('hangs-logs'))
    child.kill('SIGKILL')
    await ended
    t.ok(world.has('namespace'))
    world.unset('hang-logs')
    // Not even the record of the run is needed.
    rmSync(world.report, { recursive: true })
    t.match(await run([...world.args, ...next], world), { code: 0 })
    isClean(t, world)
  }
})

t.test('--keep leaves everything, and the next run removes it first', async (t) => {
  const world = await makeWorld(t)
  const only = ['--yes', '--only', 'wrong-role']
  const kept = await run([...world.args, ...only, '--keep'], world)
  t.match(kept, { code: 0, stdout: /It leaves all/ })
  t.ok(world.has('namespace'))
  const { code, stdout } = await run([...world.args, ...only], world)
  t.equal(code, 0)
  t.match(stdout, `An earlier run has left the namespace ${namespaceName}`)
  isClean(t, world)
})

t.test(
  'an install that a killed run has made is removed by --clean, or by the next run',
  async (t) => {
    for (const next of [['--clean'], ['--yes', '--only', 'wrong-role']]) {
      const world = await makeWorld(t)
      world.set('hang-install')
      const { child, ended } = start([...world.args, '--yes', '--chart', 'x'], world.env)
      await until(() => world.has('hangs-install'))
      child.kill('SIGKILL')
      await ended
      t.ok(world.has('install'))
      rmSync(world.report, { recursive: true })
      t.match(await run([...world.args, ...next], world), { code: 0 })
      const calls = readFileSync(join(world.folder, 'calls'), 'utf8')
      t.match(calls, /^helm install akv-injector x .* --values \S+objects-\d+\.json$/m)
      t.match(calls, /^helm uninstall akv-injector /m)
      isClean(t, world)
    }
  },
)

t.test('an install that fails is named, and removed', async (t) => {
  const world = await makeWorld(t)
  world.set('fail-install')
  const args = [...world.args, '--yes', '--chart', 'x']
  t.match(await run(args, world), {
    code: 1,
    stdout: `the install ${ownNamespace} could not be made`,
  })
  t.match(readReport(world), { end: 'not-made', missing: 'install', versions: { chart: '0.1.0' } })
  isClean(t, world)
})

t.test('a second Ctrl-C ends an install, too, and what it has left is named', async (t) => {
  const world = await makeWorld(t)
  world.set('hang-install')
  const { child, ended } = start([...world.args, '--yes', '--chart', 'x'], world.env)
  const stopping = new Promise((resolve) => child.stderr?.once('data', resolve))
  await until(() => world.has('hangs-install'))
  child.kill('SIGINT')
  await stopping
  child.kill('SIGINT')
  t.match(await ended, { code: 1, stdout: `could not be removed: install ${ownNamespace}` })
  t.match(readReport(world), { end: 'interrupted', left: [{ kind: 'install', count: 1 }] })
  t.match(await run([...world.args, '--clean'], world), { code: 0 })
  isClean(t, world)
})

t.test(
  'nothing is installed beside an install, or from something else than our chart',
  async (t) => {
    const world = await makeWorld(t)
    const args = [...world.args, '--yes', '--chart', 'x']
    world.set('others', 'MutatingWebhookConfiguration zz-akv-injector \nClusterRole admin \n')
    t.match(await run(args, world), {
      code: 1,
      stderr:
        'the cluster has MutatingWebhookConfiguration zz-akv-injector. --chart needs a cluster',
    })
    rmSync(join(world.folder, 'bin/helm'))
    t.match(await run(args, world), { code: 1, stderr: 'helm isn’t on the PATH' })
    t.notMatch(readFileSync(join(world.folder, 'calls'), 'utf8'), / (create|install|delete) /)
    isClean(t, world)
  },
)

t.test('what somebody else has made is left alone', async (t) => {
  const world = await makeWorld(t)
  world.set('namespace', '{"metadata":{}}')
  for (const option of ['--yes', '--clean'])
    t.match(await run([...world.args, option], world), { code: 1, stderr: 'prove hasn’t made it' })
  t.ok(world.has('namespace'))
  t.strictSame(world.emulator.names().vaults, ['other'])
})

t.test('without an install, or without an emulator, nothing is made', async (t) => {
  const world = await makeWorld(t)
  writeKubectl(join(world.folder, 'bin'), ['"get deployment"*) exit 1'])
  t.match(await run([...world.args, '--yes'], world), {
    code: 1,
    stdout: 'kubectl finds no Deployment akv-injector-webhook in the namespace akv-injector',
  })
  t.match(readReport(world), { end: 'no-install', scenarios: { length: 0 } })
  t.notOk(readFileSync(join(world.folder, 'calls'), 'utf8').includes('create'))
  isClean(t, world)
  await world.emulator.close()
  t.match(await run([...world.args, '--yes'], world), { code: 1, stderr: 'doesn’t answer' })
})

t.test('mistakes are refused before anything is looked at', async (t) => {
  const world = await makeWorld(t)
  const [command = '', emulated = '', url = ''] = world.args
  mkdirSync(join(world.folder, 'file'))
  writeFileSync(join(world.folder, 'file/report'), '')
  const open = join(world.folder, 'open')
  mkdirSync(join(open, 'private'), { recursive: true, mode: 0o755 })
  const refused: readonly (readonly [readonly string[], string | RegExp])[] = [
    [
      [command, emulated, 'https://shop.vault.azure.net'],
      'expected the URL of an emulator’s control',
    ],
    [[command, emulated, 'nothing'], 'expected the URL of an emulator’s control'],
    [[command], 'expected either --resource-group'],
    [[...world.args, '-g', 'x'], 'expected either --resource-group'],
    [[command, '-g', 'x', '--vault', 'a--b'], '--vault: found "a--b"'],
    [[command, '-g', 'x', '--vault', 'a'.repeat(25)], '--vault: found'],
    [
      [...world.args, '--only', 'inti', '--yes'],
      '--only: unknown scenario "inti"; accepted: installed, grants, init, ',
    ],
    [
      [...world.args, '--also', 'init', '--yes'],
      '--also: found "init"; accepted: throttled, firewall, roll-outs',
    ],
    [
      [...world.args, '--only', 'vault-deleted', '--keep'],
      '--only: vault-deleted can’t run with --keep',
    ],
    [[...world.args, '--only', 'identity-binding'], '--only: identity-binding needs --aks'],
    [[command, '-g', 'x', '--only', 'throttled'], '--only: throttled needs --emulated'],
    [[...world.args, '--aks', 'shop'], '--aks: found "shop"; expected the name of an AKS cluster'],
    [[command, '-g', 'x', '--aks', '-x'], '--aks: found'],
    [[command, '-g', 'x', '--aks-group', 'y'], '--aks-group: needs --aks'],
    [[...world.args, '--only', 'webhook-off'], 'need --chart, and a cluster without akv-injector'],
    [[...world.args, '--values', 'x'], '--values: these are values of a chart; add --chart'],
    [[...world.args, '--upgrade-from', 'x'], '--upgrade-from: an upgrade needs the chart'],
    [
      [...world.args, '--chart', 'x', '--only', 'upgraded'],
      '--only: upgraded needs --upgrade-from',
    ],
    [[...world.args, '--chart', 'x', '--upgrade-from', '-y'], '--upgrade-from: found "-y"'],
    [[...world.args, '--chart', ''], '--chart: found ""; expected a chart'],
    [[...world.args, '--chart=--debug'], '--chart: found "--debug"'],
    [[...world.args, '--chart', 'x', '--values', 'absent.yaml'], '"absent.yaml" doesn’t exist'],
    [[...world.args, '--chart', 'x', '--install-namespace', 'y'], 'cannot be used with'],
    [[command, '-g', 'x', '--with', 'bicep'], '--with: bicep needs --aks'],
    [
      [command, '-g', 'x', '--with', 'bicep', '--aks', 'y', '--issuer', 'https://x.example'],
      '--issuer: can’t be used with --with bicep',
    ],
    [[...world.args, '--with', 'terraform'], '--with: needs --resource-group'],
    [[command, '-g', 'x', '--with', 'pulumi'], 'Allowed choices are bicep, terraform'],
    [[...world.args, '--timeout', '2h'], 'an hour at most'],
    [[...world.args, '--keep', '--clean'], 'cannot be used with'],
    [
      [command, emulated, url, '--report', join(world.folder, 'file/report')],
      '--report: can’t use this folder: ENOTDIR',
    ],
    [[command, emulated, url, '--report', open], /private: is open to other users \(mode 0755\)/],
  ]
  for (const [args, stderr] of refused) t.match(await run(args, world), { code: 2, stderr })
  t.equal(statSync(join(open, 'private')).mode & 0o777, 0o755)
  t.notOk(world.has('calls'))
  t.match(await run(world.args, world), { code: 2, stderr: 'add --yes' })
  isClean(t, world)
})
