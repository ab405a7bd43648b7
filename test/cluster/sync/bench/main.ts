// npm run cluster:test -- test/cluster/sync/bench/main.ts: prints the resources that sync uses at scale. Compare figures
// only within one run. It takes a quarter of an hour; with --smoke four minutes, for a twentieth of the Secrets.
// --fleet=20x1x50: of 20 namespaces with one account and 50 Secrets each. --external-secrets: ExternalSecrets request them, and
// the bench ends after the restart.

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { bundle } from '../../../../image/bundle.ts'
import { type Figure, mebibytes, milliseconds, printFigures } from '../../../bench/bench.ts'
import { connect } from '../../client/api.ts'
import { type Cluster, clusterOf } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { publishIssuerKeys } from '../../harness/publish-issuer-keys.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { inWords } from '../../node/bench/in-words.ts'
import { followOwnRequests, type RequestCounts, writesIn } from '../harness/own-requests.ts'
import { syncAccount } from '../harness/sync-account.ts'
import { followRequests } from './cloud-requests.ts'
import { type ControllerProcess, startControllerProcess } from './controller-process.ts'
import {
  brokenVault,
  type Fleet,
  placedSecrets,
  secretCount,
  troublesomeAccounts,
} from './fleet.ts'
import { applyAccounts, createNamespaces } from './install-fleet.ts'
import { measureRotations } from './rotations.ts'
import { serveFleet } from './serve-fleet.ts'

const isSmoke = process.argv.includes('--smoke')
const [longRefresh, longMs] = isSmoke ? (['30s', 30_000] as const) : (['5m', 300_000] as const)
const [shortRefresh, shortMs] = ['30s', 30_000] as const
const refreshes = isSmoke ? 2 : 10

const { path: folder, remove } = temporaryFolder()
const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const api = connect(kubeconfigFile)
const cluster = clusterOf(api)
const isExternal = process.argv.includes('--external-secrets')
const shape = process.argv.find((arg) => arg.startsWith('--fleet='))?.slice('--fleet='.length)
const [namespaceCount = 0, accountsEach = 0, secretsEach = 0] = (
  shape ?? (isSmoke ? '5x2x10' : '5x40x10')
)
  .split('x')
  .map(Number)
const namespaces = await createNamespaces(cluster, namespaceCount)
const fleet: Fleet = { namespaces, accountsEach, secretsEach, objectsEach: 3 }
const all = secretCount(fleet)
await publishIssuerKeys(cluster)
const { azure, env, end } = await serveFleet({ api, cluster, kubeconfigFile, folder }, fleet)
const program = join(folder, 'dist')
await bundle(program)
const start = () =>
  startControllerProcess({
    program: join(program, 'main.js'),
    flags: isExternal ? ['--external-secrets'] : [],
    env,
    folder,
  })
const requests = followRequests(azure.controlUrl)
const ownRequests = followOwnRequests(process.env['CLUSTER_AUDIT_LOG'] ?? '/dev/null', syncAccount)
const apply = (refresh: string) =>
  applyAccounts(
    cluster,
    isExternal ? { ...fleet, vaultUrl: env.AKV_INJECTOR_VAULT_URL } : fleet,
    refresh,
  )

try {
  await apply(longRefresh)
  await ownRequests()
  await requests.take()
  const first = await start()
  printFigures(`the first sync of ${all} Secrets`, await untilSynced(first))
  printFigures(`a refresh, of ${longRefresh}`, await rest(first, longMs * 1.1))
  await apply(shortRefresh)
  await delay(shortMs)
  await requests.take()
  printFigures(`${refreshes} refreshes of ${shortRefresh}`, await rest(first, shortMs * refreshes))
  if (!isExternal) printFigures('from a rotation to its Secret', await rotations())
  await first.stop()

  const second = await start()
  printFigures('after a restart', await untilSynced(second))
  await second.stop()
  if (!isExternal) await besideTrouble()
} finally {
  requests.close()
  await end()
  cluster.close()
  remove()
}

async function besideTrouble(): Promise<void> {
  for (const object of troublesomeAccounts(namespaces[0] ?? ''))
    expectSuccess(await cluster.apply(object))
  await hang()
  const third = await start()
  printFigures(
    'after a restart, beside a noisy, a broken and a huge account',
    await untilSynced(third),
  )
  printFigures('from a rotation to its Secret, beside these', await rotations())
  printFigures(`and the next ${shortRefresh}`, await rest(third, shortMs))
  await third.stop()
}

async function untilSynced(controller: ControllerProcess): Promise<readonly Figure[]> {
  const synced = () => controller.metric('akv_injector_sync_secrets', 'state="synced"')
  while ((await synced()) < all) await delay(250)
  while (isExternal && (await readyCount()) < all) await delay(250)
  const ms = performance.now() - controller.startedAtMs
  return [
    { what: 'from the start of the process', value: `${(ms / 1000).toFixed(1)} s` },
    { what: 'CPU', value: `${controller.cpuSeconds().toFixed(1)} s` },
    ...(await taken(controller)),
  ]
}

/** Measures a period without rotations, in which nothing should be written. */
async function rest(controller: ControllerProcess, ms: number): Promise<readonly Figure[]> {
  const [before, cpuBefore] = [await versionsOf(cluster), controller.cpuSeconds()]
  await delay(ms)
  const cpu = (controller.cpuSeconds() - cpuBefore) / (ms / 1000)
  const after = await versionsOf(cluster)
  const writes = [...after].filter(([name, version]) => before.get(name) !== version).length
  return [
    { what: 'Secrets written', value: String(writes) },
    { what: 'CPU', value: `${(cpu * 1000).toFixed(0)}m` },
    ...(await taken(controller)),
  ]
}

/** The number of ExternalSecrets whose status says that they are ready. */
async function readyCount(): Promise<number> {
  const lists = namespaces.map((namespace) =>
    cluster.list({
      apiVersion: 'external-secrets.io/v1',
      kind: 'ExternalSecret',
      metadata: { namespace },
    }),
  )
  return (await Promise.all(lists))
    .flat()
    .filter((object) => JSON.stringify(object['status'] ?? '').includes('"SecretSynced"')).length
}

async function taken(controller: ControllerProcess): Promise<readonly Figure[]> {
  const { vaultRequests, mostPerVaultAndSecond, signIns } = await requests.take()
  const { residentBytes, anonymousBytes } = controller.memory()
  const { longestBlockMs } = await controller.loop()
  const { sent: ofController } = await ownRequests()
  const sum = (counts: object) => Object.values(counts).reduce((all, count) => all + count, 0)
  return [
    { what: 'longest turn of the event loop', value: milliseconds(longestBlockMs) },
    { what: 'requests to the API server', value: String(sum(ofController)) },
    { what: 'of them writes', value: inKinds(writesIn(ofController)) },
    { what: 'requests to vaults', value: String(vaultRequests) },
    { what: 'at most to one of them in a second', value: String(mostPerVaultAndSecond) },
    { what: 'sign-ins', value: String(signIns) },
    { what: 'resident memory, peak', value: mebibytes(residentBytes) },
    { what: 'of it anonymous', value: mebibytes(anonymousBytes) },
  ]
}

function inKinds(counts: RequestCounts): string {
  const kinds = Object.entries(counts).map(([what, count]) => `${count} × ${what}`)
  return kinds.join(', ') || 'none'
}

async function rotations(): Promise<readonly Figure[]> {
  const count = isSmoke ? 5 : 100
  const placed = placedSecrets(fleet)
    .toSorted(() => Math.random() - 0.5)
    .slice(0, count)
  const { controlUrl } = azure
  const times = await measureRotations(placed, { cluster, controlUrl, spreadMs: shortMs })
  // The requests until now don't belong to the next figures.
  await requests.take()
  return [{ what: `${count} of them, looked for each ${shortRefresh}`, value: inWords(times) }]
}

/** Lets one vault hang. All emulated vaults have one address, so its pending requests also take connections from the others. */
async function hang(): Promise<void> {
  const fault = { match: { vault: brokenVault }, action: { kind: 'delay', delayMs: 60_000 } }
  await fetch(`${azure.controlUrl}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  })
}

async function versionsOf(cluster: Cluster): Promise<ReadonlyMap<string, unknown>> {
  const lists = namespaces.map((namespace) =>
    cluster.list({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace } }),
  )
  const secrets = (await Promise.all(lists)).flat()
  return new Map(
    secrets.map(({ metadata }) => [
      `${metadata.namespace}/${metadata.name}`,
      metadata['resourceVersion'],
    ]),
  )
}
