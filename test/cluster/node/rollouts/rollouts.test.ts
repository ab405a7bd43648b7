import t from 'tap'
import type { KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { openNode } from '../harness/open-node.ts'
import { killAtRandom, randomFrom } from './kill-at-random.ts'
import {
  consumerOf,
  firstValue,
  forgedPod,
  patientProbe,
  rolledObject,
  rolledWorkload,
  serviceOf,
  silentTemplate,
  syncingAccount,
} from './rolled-workloads.ts'
import { installRollouts, recordOf, rolloutRoles } from './rollout-controller.ts'
import { loadService } from './service-load.ts'
import { watchWorkloads } from './watch-workloads.ts'

/**
 * Rotates an object of many workloads, on a node, while clients use them and the controller is killed. A rotation takes two
 * minutes, because the controller waits for what changes together. Runs only if it is asked for, with `ROLLOUT_ROTATIONS=1`;
 * `ROLLOUT_ROTATIONS=20 SOAK_SECONDS=6000` rotates it more often. `ROLLOUT_SEED` kills the controller at the same times again.
 */
const { ROLLOUT_ROTATIONS, ROLLOUT_SEED = `${Date.now() % 1_000_000}` } = process.env
if (ROLLOUT_ROTATIONS === undefined) {
  t.plan(0, 'it takes minutes; set ROLLOUT_ROTATIONS=1')
  process.exit()
}
const node = openNode(t)
const namespace = await node.namespace()
const watched = watchWorkloads(node, namespace)
const rotations = Number(ROLLOUT_ROTATIONS)
const replicas = 10
const seed = Number(ROLLOUT_SEED)
const random = randomFrom(seed)
/** A roll-out waits for a read, for what changes together, and after a kill for that again. Nothing fails sooner on a busy machine. */
const patienceMs = 500_000
t.setTimeout((1 + rotations) * 2 * patienceMs)

/** So that each template is counted. */
const kept = { revisionHistoryLimit: 100 }
const surge = { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }
const loaded = rolledWorkload({
  ...{ namespace, name: 'loaded', drains: true },
  spec: { replicas, ...kept },
})
const single = rolledWorkload({
  ...{ namespace, name: 'single', drains: true },
  spec: { replicas: 1, ...surge, ...kept },
})
/** Only works with the first value. */
const picky = rolledWorkload({
  namespace,
  name: 'picky',
  spec: { ...surge, ...kept },
  container: {
    readinessProbe: {
      exec: { command: ['grep', '-q', firstValue, '/tmp/www/value'] },
      ...patientProbe,
    },
  },
})
const partitioned = rolledWorkload({
  ...{ kind: 'StatefulSet', namespace, name: 'partitioned' },
  spec: {
    ...{ ...kept, replicas: 2, serviceName: 'partitioned', podManagementPolicy: 'Parallel' },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
  },
})
const onDelete = rolledWorkload({
  ...{ kind: 'StatefulSet', namespace, name: 'on-delete' },
  spec: { serviceName: 'on-delete', updateStrategy: { type: 'OnDelete' } },
})
const consumer = consumerOf(namespace, 'consumer')
/** They use the object, too, and don't ask for roll-outs. */
const silent = (['Deployment', 'StatefulSet'] as const).map((kind) =>
  rolledWorkload({
    ...{ kind, namespace, name: `silent-${kind.toLowerCase()}`, template: silentTemplate },
    spec: kind === 'StatefulSet' ? { serviceName: 'silent' } : {},
  }),
)
const asking = [loaded, single, picky, partitioned, onDelete]

/** How many pods a roll-out replaces. */
const updatedOf = (workload: KubeObject) => (workload === partitioned ? 1 : undefined)

const services = [loaded, single].map(serviceOf)
await node.apply(
  {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
    metadata: { namespace, name: 'web', annotations: syncingAccount },
  },
  ...[...asking, consumer, ...silent, ...services],
)
for (const workload of [...asking, ...silent])
  await until(() => watched.isReady(workload), patienceMs)
const tenant = 'tenant'
await node.apply(...mayCreatePods(namespace, tenant))
await forge('before')
await node.apply(...rolloutRoles(namespace, 'web'))
// Last, because it looks for new Roles only every five minutes.
await installRollouts(node)
await until(async () => {
  const objects = (await recordOf(node, namespace, 'web'))?.objects
  return objects?.has(`team-a:${rolledObject}`) === true
}, patienceMs)
// It has waited for its Secret.
await until(() => watched.isReady(consumer), patienceMs)
const loads = services.map((service) => loadService(node, service))
t.teardown(() => Promise.all(loads.map((load) => load.stop())))

/** A tenant's pods, which name somebody else's workloads as their owners. */
async function forge(name: string): Promise<void> {
  const metadata = { namespace }
  const kind = 'ReplicaSet'
  const [deployment, statefulSet] = silent
  if (deployment === undefined || statefulSet === undefined) throw new Error('there are two')
  const selector = `app=${deployment.metadata.name}`
  const [found] = await node.cluster.list({ apiVersion: 'apps/v1', kind, metadata }, selector)
  const replicaSet = { ...found, apiVersion: 'apps/v1', kind } as KubeObject
  const owners = [replicaSet, await watched.seen(statefulSet)]
  for (const [index, owner] of owners.entries())
    expectSuccess(
      await node.cluster.create(forgedPod(owner, `forged-${name}-${index}`), { as: tenant }),
    )
}

function mayCreatePods(namespace: string, user: string): readonly KubeObject[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const metadata = { namespace, name: user }
  const apiGroup = 'rbac.authorization.k8s.io'
  return [
    {
      ...{ apiVersion, kind: 'Role', metadata },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['create'] }],
    },
    {
      ...{ apiVersion, kind: 'RoleBinding', metadata },
      roleRef: { apiGroup, kind: 'Role', name: user },
      subjects: [{ apiGroup, kind: 'User', name: user }],
    },
  ]
}

/** Rotates the object, and waits until each workload has been rolled out, or is reported as undone. */
async function rotate(count: number): Promise<void> {
  const rolled = [loaded, single, partitioned, picky]
  const before = new Map<KubeObject, string | undefined>()
  for (const workload of [...rolled, consumer])
    before.set(workload, await watched.restartedAt(workload))
  const isBegun = async (workload: KubeObject) =>
    (await watched.restartedAt(workload)) !== before.get(workload)
  await node.control('/rotate', { vault: 'team-a', name: rolledObject, value: `value-${count}` })
  const kills = killAtRandom(node, random)
  for (const workload of rolled) await until(() => isBegun(workload), patienceMs)
  await node.kubectl('rollout', 'undo', `--namespace=${namespace}`, 'deployment/picky')
  for (const workload of rolled)
    await until(() => watched.isRolledOut(workload, updatedOf(workload)), patienceMs)
  await until(() => watched.isHeld(picky, 'undone'), patienceMs)
  // Its Secret changes after the object, so this takes as long again.
  if (count === 1) await until(() => isBegun(consumer), patienceMs)
  await kills
  for (const load of loads)
    await until(async () => load.values().at(-1) === `value-${count}`, patienceMs)
}

/** Waits until the owner of a workload is told that it can’t be rolled out. */
async function untilRefused(workload: KubeObject): Promise<void> {
  const refused = /Warning +RolloutRefused .*OnDelete/
  await until(async () => refused.test(await node.describe(workload)), patienceMs)
}

t.test('each rotation is one roll-out, and no request fails', async (t) => {
  t.comment(`ROLLOUT_SEED=${seed}`)
  for (let count = 1; count <= rotations; count++) {
    await rotate(count)
    const value = `value-${count}`
    t.strictSame(
      await watched.served(loaded),
      Array.from({ length: replicas }, () => value),
    )
    t.strictSame(await watched.served(single), [value])
    t.strictSame(await watched.served(partitioned), [firstValue, value], 'only from the partition')
    t.strictSame(await watched.served(onDelete), [firstValue])
    t.strictSame(await watched.served(picky), [firstValue], 'an undo isn’t fought')
    await forge(`${count}`)
    // Not at the end, because an Event is gone after an hour.
    if (count === 1) await untilRefused(onDelete)
  }
  for (const [index, load] of loads.entries()) {
    await load.stop()
    t.strictSame(load.failures, [])
    t.strictSame(
      load.values(),
      Array.from({ length: rotations + 1 }, (_, n) => `value-${n}`),
    )
    t.comment(`${services[index]?.metadata.name}: ${load.answered()} requests`)
  }
  for (const workload of [loaded, single, picky, partitioned])
    t.equal(await watched.revisions(workload), 1 + rotations, `${workload.metadata.name}`)
  const ofConsumer = await watched.revisions(consumer)
  t.ok(ofConsumer > 1 && ofConsumer <= 1 + rotations, `${ofConsumer} templates of the consumer`)
})

t.test('what can’t be rolled out is left alone', async (t) => {
  await until(() => watched.isHeld(onDelete, 'on-delete'), patienceMs)
  t.equal(await watched.restartedAt(onDelete), undefined)
  t.equal(await watched.revisions(onDelete), 1)
})

t.test('nobody who may only create pods rolls out what others own', async (t) => {
  for (const workload of silent) {
    t.equal(await watched.restartedAt(workload), undefined)
    t.equal((await watched.seen(workload)).metadata['generation'], 1)
  }
  const name = 'forged-before-1'
  const forged = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } }
  t.match(await node.cluster.get(forged), { status: 200 }, 'it is still there')
})
