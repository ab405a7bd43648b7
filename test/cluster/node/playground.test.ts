import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { clusterTypes } from '../../../prove/install/install-resource.ts'
import { markSelector } from '../../../prove/install/own-install.ts'
import { installScenarioIds } from '../../../prove/scenarios/scenario.ts'
import { startProxy } from '../../support/servers/start-proxy.ts'
import { slowness } from '../../support/start-fast/end-hangs.ts'
import { until } from '../client/cluster.ts'
import { supportsEnv } from '../client/env-support.ts'
import { freePorts } from '../harness/free-ports.ts'
import { createMachineResource } from '../harness/machine-resource.ts'
import { playgroundFolder, readState } from '../playground/state.ts'

/** Tries `npm run cluster` in a cache folder of its own, beside the tests' cluster and the developer's own. */
t.setTimeout(1_800_000)
const execute = promisify(execFile)
const scripts = join(import.meta.dirname, '../playground')
const XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), 'akv-injector-playground-'))
const env = { ...process.env, XDG_CACHE_HOME }
const folder = playgroundFolder(env)
const kubeconfig = join(folder, 'kubeconfig')
/** Helm's own limit of five minutes is short on a busy machine. */
const waits = ['--wait', '--timeout=30m']
shareCache()
const ownFiles = t.testdir({
  'vault.yaml': `${readFileSync('manifests/examples/vault.yaml', 'utf8').trimEnd()}
  mine:
    readers: ['*']
    secrets:
      only-mine: from a file of my own
`,
  'pod.yaml': podNamed('own-data'),
  'other.yaml': podNamed('other'),
})
const ownData = join(ownFiles, 'vault.yaml')
const ownPod = join(ownFiles, 'pod.yaml')
const otherPod = join(ownFiles, 'other.yaml')
const cleanUp = await createMachineResource({
  create: ':',
  remove: `
    XDG_CACHE_HOME='${XDG_CACHE_HOME}' '${process.execPath}' '${scripts}/down.ts'
    rm -rf '${XDG_CACHE_HOME}'`,
})
t.teardown(() => cleanUp.remove())

t.test('a mistake in the vault data is reported before anything starts', async (t) => {
  await t.rejects(
    run('up', '--vault-data', 'absent.yaml'),
    /could not start the cluster\. .*absent\.yaml/s,
  )
  t.notOk(existsSync(folder))
})

t.test('the cluster outlives the command, and a second command reports it', async (t) => {
  t.match(
    await run('up', '--vault-data', ownData),
    `the cluster is running.\n\n  export KUBECONFIG=${kubeconfig} PATH=${folder}:$PATH\n`,
  )
  t.match(await run('up'), 'the cluster is already running')
})

t.test('the examples run in it unchanged', async () => {
  for (const example of ['files', 'sync-opaque'])
    await kubectl('apply', '-f', `manifests/examples/${example}.yaml`)
  await untilReady('files')
  await until(
    async () => (await fieldOf('{.metadata.name}', 'secret/shop-db', '--ignore-not-found')) !== '',
    startTimeoutMs,
  )
})

t.test('pods resolve the names of Services', async (t) => {
  const inPod = async (...command: readonly string[]) =>
    (await kubectl('exec', 'files', '-c', 'app', '--', ...command)).stdout
  for (const name of ['kubernetes.default.svc', 'akv-injector-webhook.akv-injector.svc'])
    t.match(await inPod('nslookup', `${name}.cluster.local`), /Address: 198\.19\./, name)
  t.match(await inPod('cat', '/etc/resolv.conf'), 'default.svc.cluster.local')
})

t.test('the vaults have the given data', async (t) => {
  await kubectl('apply', '-f', ownPod)
  await untilReady('own-data')
  const { stdout } = await kubectl('exec', 'own-data', '--', 'cat', '/mnt/secrets-store/only-mine')
  t.equal(stdout, 'from a file of my own')
})

t.test('prove finds that everything works, and leaves nothing', async (t) => {
  const lines = await prove('--also', 'throttled')
  const failed = lines.filter((line) => / failed /.test(line))
  t.strictSame(failed, [])
  const skipped = lines.filter((line) => line.endsWith(': skipped'))
  t.strictSame(
    skipped,
    ['fast-start: skipped', ...(supportsEnv ? [] : ['variables: skipped'])].sort(),
  )
  t.match(lines.join('\n'), /^2\d passed, /m)
  t.ok(lines.includes('answers: 18 recorded. The emulator differs in 0 fields'), lines.join('\n'))
  t.equal(await fieldOf('{.items[?(@.metadata.name=="akv-injector-prove")]}', 'namespaces'), '')
})

t.test('prove names a scenario that fails', async (t) => {
  const { controlUrl = '' } = nodeState()
  const fault = { match: { service: 'vault' }, action: { kind: 'status', status: 503 } }
  await fetch(`${controlUrl}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  })
  const failed = prove('--only', 'init', '--timeout', onBusyMachine(10))
  await t.rejects(failed, { code: 1, stdout: /^init: failed at step 2 .* saw unreachable$/m })
  await fetch(`${controlUrl}/faults`, { method: 'DELETE' })
})

t.test('with a fast start, prove tries that, too', async (t) => {
  await helm(
    'upgrade',
    'manifests/chart',
    '--reset-then-reuse-values',
    '--set=agent.fastStart=true',
    ...waits,
  )
  await untilAdmitted()
  const lines = await prove('--only', 'fast-start')
  t.match(lines.join('\n'), /^fast-start: passed/m)
  await helm(
    'upgrade',
    'manifests/chart',
    '--reset-then-reuse-values',
    '--set=agent.fastStart=false',
    ...waits,
  )
  await untilAdmitted()
})

t.test('helm test passes', async (t) => {
  t.match(await helm('test', '--timeout=30m'), /Phase:\s+Succeeded/)
})

t.test('the webhook runs on the network of its node, and agents use a proxy', async (t) => {
  // The emulator listens at the node's address, too.
  const host = await fieldOf(
    '{.items[0].status.addresses[?(@.type=="InternalIP")].address}',
    'nodes',
  )
  const proxy = await startProxy(t, { host })
  const [securePort = 0, healthPort = 0] = await freePorts(2)
  const values = {
    proxy: { httpsProxy: proxy.url },
    webhook: { hostNetwork: true, replicas: 1, securePort, healthPort },
  }
  const file = join(t.testdir({ 'values.json': JSON.stringify(values) }), 'values.json')
  await helm('upgrade', 'manifests/chart', '--reset-then-reuse-values', '--values', file, ...waits)
  const addresses = await fieldOf(
    '{.items[?(@.spec.hostNetwork==true)].status.podIP}',
    ...['pods', '--namespace=akv-injector', '--selector=app.kubernetes.io/component=webhook'],
  )
  t.equal(addresses, host)
  await untilAdmitted()
  await kubectl('replace', '--force', '-f', ownPod)
  await untilReady('own-data')
  t.ok(proxy.asked.length > 0)
  // Entra is asked at the node's address, and the vaults by their real names.
  for (const { url } of proxy.asked) {
    if (!url?.endsWith('.vault.azure.net:443')) t.match(url, `${host}:`)
  }
  t.match(await helm('test', '--timeout=30m'), /Phase:\s+Succeeded/)
})

t.test('in a cluster without it, prove installs the chart, and removes it', async (t) => {
  const values = join(XDG_CACHE_HOME, 'values.json')
  writeFileSync(values, await helm('get values', '--revision=1', '--output=json'))
  // No version has been released, so the earlier chart differs in its version only.
  const earlier = join(XDG_CACHE_HOME, 'chart')
  cpSync('manifests/chart', earlier, { recursive: true })
  const chartFile = join(earlier, 'Chart.yaml')
  writeFileSync(
    chartFile,
    readFileSync(chartFile, 'utf8').replace(/^version: .*/m, 'version: 0.0.9'),
  )
  const charts = ['--chart', 'manifests/chart', '--upgrade-from', earlier]
  const install = [...charts, '--values', values]
  await t.rejects(prove(...install), { code: 1, stderr: 'has MutatingWebhookConfiguration zz-akv' })
  await kubectl('delete', 'mutatingwebhookconfiguration', 'zz-akv-injector')
  await helm('uninstall', ...waits)
  await kubectl('delete', 'crd', '--selector=app.kubernetes.io/name=akv-injector')
  const ids = installScenarioIds
  const lines = await prove(...install, ...ids.flatMap((id) => ['--only', id]))
  for (const id of ids)
    t.ok(
      lines.some((line) => line.startsWith(`${id}: passed`)),
      id,
    )
  const types = `${clusterTypes.join()},customresourcedefinitions`
  t.equal(await fieldOf('{.items[*].metadata.name}', types, markSelector), '')
  t.notMatch(await fieldOf('{.items[*].metadata.name}', 'namespaces'), 'akv-injector-prove')
})

t.test('cluster:down removes the cluster and all its files', async (t) => {
  t.ok(readState(folder))
  t.match(await run('down'), 'the cluster and all its files were removed')
  t.notOk(existsSync(folder))
  t.match(await run('down'), 'no cluster is running')
})

/** A pod with a secret of our own vault. */
function podNamed(name: string): string {
  return (readFileSync('manifests/examples/files.yaml', 'utf8').split('---')[1] ?? '')
    .replace('name: files', `name: ${name}`)
    .replace('vault: team-a', 'vault: mine')
    .replace(/\|\n(\s{6}.*\n)+/, 'only-mine\n')
}

/** Links the built programs and images into the test's own cache folder. */
function shareCache(): void {
  const [shared, own] = [process.env, env].map((env) => dirname(playgroundFolder(env)))
  if (!shared || !own) return
  mkdirSync(own)
  for (const name of readdirSync(shared))
    if (name !== 'cluster') symlinkSync(join(shared, name), join(own, name))
}

async function run(script: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(process.execPath, [join(scripts, `${script}.ts`), ...args], {
    env,
  })
  return stdout
}

async function helm(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(
    join(folder, 'helm'),
    [...command.split(' '), 'akv-injector', ...args, '--namespace', 'akv-injector'],
    { env: { ...env, KUBECONFIG: kubeconfig } },
  )
  return stdout
}

/** Runs `akv-injector prove` against the playground, and returns the lines that it prints. */
async function prove(...args: readonly string[]): Promise<readonly string[]> {
  const { controlUrl = '' } = nodeState()
  const report = join(XDG_CACHE_HOME, 'proof')
  const command = ['cli/main.ts', 'prove', '--emulated', controlUrl, '--yes', '--report', report]
  // If an option is given twice, the last one counts.
  const timeout = ['--timeout', onBusyMachine(120)]
  const PATH = `${folder}:${process.env['PATH']}`
  const { stdout } = await execute(process.execPath, [...command, ...timeout, ...args], {
    env: { ...env, PATH, KUBECONFIG: kubeconfig },
  })
  return stdout.split('\n')
}

function nodeState() {
  const state = readState(folder)
  if (state?.runner !== 'node') throw new Error('no cluster is running')
  return state
}

const kubectl = (...args: readonly string[]) =>
  execute(join(folder, 'kubectl'), [`--kubeconfig=${kubeconfig}`, ...args])

const startTimeoutMs = 240_000
const untilReady = (pod: string): Promise<void> => {
  const ready = '{.status.conditions[?(@.type=="Ready")].status}'
  return until(async () => (await fieldOf(ready, `pod/${pod}`)) === 'True', startTimeoutMs)
}

/** The time in which a program should see something, in seconds. A busy machine has longer, but `prove` takes at most an hour. */
const onBusyMachine = (seconds: number): string =>
  `${Math.min(3600, Math.ceil(seconds * slowness()))}s`

/** Resolves when the webhook answers again: the playground's Services follow a rollout within seconds. */
const untilAdmitted = (): Promise<void> =>
  until(
    () =>
      kubectl('create', '--dry-run=server', '-f', otherPod).then(
        () => true,
        (error: unknown) => {
          if (String(error).includes('failed to call webhook')) return false
          throw error
        },
      ),
    90_000,
  )

/** @param jsonPath - a JSONPath of kubectl */
async function fieldOf(jsonPath: string, ...objects: readonly string[]): Promise<string> {
  return (await kubectl('get', ...objects, `--output=jsonpath=${jsonPath}`)).stdout
}
