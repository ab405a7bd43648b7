// npm run cluster:test -- test/cluster/sync/bench/rollouts.ts: prints what the controller takes to roll out 500 workloads whose object
// changes, and to look after 2,000 namespaces in which nothing changes. The Deployments are those of a real API server and real
// controllers, and a stand-in for the kubelet runs their pods. It takes forty minutes.
// --workloads=20 and --namespaces=20: of fewer, or with 0 not at all.

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { bundle } from '../../../../image/bundle.ts'
import { recordAnnotation } from '../../../../requests/rollouts/rollout-names.ts'
import { type Figure, mebibytes, milliseconds, printFigures } from '../../../bench/bench.ts'
import { connect, type KubeObject } from '../../client/api.ts'
import { clusterOf } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { publishIssuerKeys } from '../../harness/publish-issuer-keys.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { followRollouts } from './audit-rollouts.ts'
import { type ControllerProcess, startControllerProcess } from './controller-process.ts'
import { type Fleet, placedSecrets } from './fleet.ts'
import { createNamespaces, forEachInParallel } from './install-fleet.ts'
import { notInjected, rolledObjects, rolloutRolesOf, runAllPods } from './rolled-fleet.ts'
import { serveFleet } from './serve-fleet.ts'

const optionOf = (name: string, otherwise: number) =>
  Number(
    process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(`--${name}=`.length) ??
      otherwise,
  )
const workloads = optionOf('workloads', 500)
const namespaceCount = optionOf('namespaces', 2000)
/** The default of the setting. */
const intervalMs = 5 * 60_000

const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const api = connect(kubeconfigFile)
const cluster = clusterOf(api)
const { path: folder, remove } = temporaryFolder()
const program = join(folder, 'dist')
const end = new AbortController()
await bundle(program)
await publishIssuerKeys(cluster)
const running = runAllPods(api, end.signal)
try {
  if (workloads > 0) await withFleet(1, workloads, rotateOne)
  if (namespaceCount > 0) await withFleet(namespaceCount, 1, rest)
} finally {
  end.abort()
  await running
  cluster.close()
  remove()
}

type Follow = ReturnType<typeof followRollouts>

interface ServedFleet {
  readonly fleet: Fleet
  readonly controlUrl: string
  readonly controller: ControllerProcess
  readonly follow: Follow
}

/** Starts the controller beside the Deployments of a fleet. */
async function withFleet(
  count: number,
  deploymentsEach: number,
  measure: (served: ServedFleet) => Promise<void>,
): Promise<void> {
  const namespaces = await createNamespaces(cluster, count, notInjected)
  const fleet: Fleet = { namespaces, accountsEach: 1, secretsEach: 1, objectsEach: 1 }
  const rolesOf = rolloutRolesOf
  const served = await serveFleet({ api, cluster, kubeconfigFile, folder, rolesOf }, fleet)
  try {
    const objects = rolledObjects(fleet, deploymentsEach)
    await forEachInParallel(objects, async (object) => expectSuccess(await cluster.apply(object)))
    while ((await deployments(isComplete)) < count * deploymentsEach) await delay(1_000)
    const follow = followRollouts(process.env['CLUSTER_AUDIT_LOG'] ?? '')
    const { env, azure } = served
    const main = join(program, 'main.js')
    const flags = ['--watch', 'cluster', '--rollouts']
    const controller = await startControllerProcess({ program: main, flags, env, folder })
    const most = followConnections(controller)
    while ((await recordedAccounts()) < count) await delay(1_000)
    const seconds = (performance.now() - controller.startedAtMs) / 1000
    printFigures(`${count} namespaces with ${deploymentsEach} Deployments each: the first look`, [
      { what: 'from the start of the process', value: `${seconds.toFixed(1)} s` },
      { what: 'CPU', value: `${controller.cpuSeconds().toFixed(1)} s` },
      ...(await taken(controller, follow)),
    ])
    await measure({ fleet, controlUrl: azure.controlUrl, controller, follow })
    printFigures('connections, at most', most.stop())
    await controller.stop()
  } finally {
    await served.end()
  }
}

/** Rotates the one object of all Deployments. */
async function rotateOne({ fleet, controlUrl, controller, follow }: ServedFleet): Promise<void> {
  const [{ vault, object } = { vault: '', object: '' }] = placedSecrets(fleet)
  const body = JSON.stringify({ vault, name: object, value: 'rotated' })
  const headers = { 'content-type': 'application/json' }
  const startedMs = performance.now()
  const cpuBefore = controller.cpuSeconds()
  await fetch(`${controlUrl}/rotate`, { method: 'POST', headers, body })
  const isRolledOut = (deployment: KubeObject) =>
    isComplete(deployment) && deployment.metadata['generation'] === 2
  while ((await deployments(isRolledOut)) < workloads) await delay(2_000)
  const minutes = (performance.now() - startedMs) / 60_000
  const { begun, mostAtOnce, requests } = await follow()
  printFigures(`${workloads} Deployments whose object changes`, [
    { what: 'until all are rolled out', value: `${minutes.toFixed(1)} min` },
    { what: 'roll-outs at the same time, at most', value: String(mostAtOnce) },
    { what: 'Deployments that were rolled out', value: String(begun.size) },
    { what: 'of one Deployment, at most', value: String(Math.max(...begun.values())) },
    { what: 'CPU', value: `${(controller.cpuSeconds() - cpuBefore).toFixed(1)} s` },
    ...(await usageOf(controller, requests)),
  ])
}

/** Reads the objects twice, and nothing has changed. */
async function rest({ controller, follow }: ServedFleet): Promise<void> {
  const intervals = 2
  const cpuBefore = controller.cpuSeconds()
  await delay(intervals * intervalMs)
  const cpu = (controller.cpuSeconds() - cpuBefore) / ((intervals * intervalMs) / 1000)
  printFigures(`${intervals} intervals of 5 minutes in which nothing changes`, [
    { what: 'CPU', value: `${(cpu * 1000).toFixed(0)}m` },
    ...(await taken(controller, follow)),
  ])
}

async function taken(controller: ControllerProcess, follow: Follow): Promise<readonly Figure[]> {
  return await usageOf(controller, (await follow()).requests)
}

async function usageOf(
  controller: ControllerProcess,
  requests: Awaited<ReturnType<Follow>>['requests'],
): Promise<readonly Figure[]> {
  const { residentBytes, anonymousBytes } = controller.memory()
  const { longestBlockMs } = await controller.loop()
  const all = Object.values(requests).reduce((sum, count) => sum + count, 0)
  const kinds = Object.entries(requests).map(([what, count]) => `${count} × ${what}`)
  return [
    { what: 'requests to the API server', value: `${all}: ${kinds.join(', ')}` },
    { what: 'longest turn of the event loop', value: milliseconds(longestBlockMs) },
    { what: 'resident memory, peak', value: mebibytes(residentBytes) },
    { what: 'of it anonymous', value: mebibytes(anonymousBytes) },
  ]
}

/** Counts the controller's connections until it is stopped. */
function followConnections(controller: ControllerProcess) {
  const most = { toApiServer: 0, toOthers: 0 }
  const counting = setInterval(() => {
    const { toApiServer, toOthers } = controller.connections()
    most.toApiServer = Math.max(most.toApiServer, toApiServer)
    most.toOthers = Math.max(most.toOthers, toOthers)
  }, 100)
  return {
    stop(): readonly Figure[] {
      clearInterval(counting)
      return [
        { what: 'to the API server', value: String(most.toApiServer) },
        { what: 'to vaults and Entra', value: String(most.toOthers) },
      ]
    },
  }
}

async function deployments(isCounted: (deployment: KubeObject) => boolean): Promise<number> {
  const { body } = expectSuccess(
    await api.call({ method: 'GET', path: '/apis/apps/v1/deployments' }),
  )
  return (body['items'] as readonly KubeObject[]).filter(
    (deployment) => deployment.metadata.name?.startsWith('web-') && isCounted(deployment),
  ).length
}

function isComplete({ metadata, status }: KubeObject): boolean {
  const { observedGeneration, replicas, updatedReplicas, availableReplicas } = (status ??
    {}) as Readonly<Record<string, unknown>>
  const isObserved = observedGeneration === metadata['generation']
  return isObserved && [replicas, updatedReplicas, availableReplicas].every((pods) => pods === 1)
}

/** The accounts whose objects have been read. */
async function recordedAccounts(): Promise<number> {
  const { body } = expectSuccess(await api.call({ method: 'GET', path: '/api/v1/serviceaccounts' }))
  return (body['items'] as readonly KubeObject[]).filter(({ metadata }) => {
    const { annotations = {} } = metadata as { annotations?: Readonly<Record<string, string>> }
    return annotations[recordAnnotation]?.includes('"objects":{"') === true
  }).length
}
