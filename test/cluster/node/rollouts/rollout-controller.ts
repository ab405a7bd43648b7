import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { syncRolesFor } from '../../../../repository/rbac/role.ts'
import { type RolloutRecord, readRolloutRecord } from '../../../../requests/rollouts/record.ts'
import { recordAnnotation } from '../../../../requests/rollouts/rollout-names.ts'
import { readRendered } from '../../../manifests/rendered.ts'
import type { KubeObject } from '../../client/api.ts'
import { killContainer } from '../harness/containers.ts'
import { withVault } from '../harness/install-with-vault.ts'
import type { OpenNode } from '../harness/open-node.ts'

const manifest = join(import.meta.dirname, '../../../fixtures/sync/install.yaml')
const own = { namespace: 'akv-injector', name: 'akv-injector-webhook' }

/** The shortest intervals that the settings allow. */
const settings = {
  AKV_INJECTOR_ROLLOUTS_INTERVAL: '1m',
  AKV_INJECTOR_ROLLOUTS_MIN_INTERVAL: '1m',
  AKV_INJECTOR_ROLLOUTS_MAX_PER_DAY: '100',
}

/** Installs the controller and its policies as the chart does with `sync.rollouts.enabled`. */
export async function installRollouts(node: OpenNode): Promise<void> {
  const cloud = await node.cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', metadata: own })
  const { 'ca.crt': caPem = '' } = cloud.body['data'] as Readonly<Record<string, string>>
  const azure = { url: node.environment.vault.url, caPem }
  const { objects } = readRendered(readFileSync(manifest, 'utf8'))
  const needed = objects.filter(({ kind }) => kind !== 'CustomResourceDefinition')
  await node.apply(
    ...needed.map((object) =>
      object.kind === 'Deployment' ? withRollouts(withVault(object, azure, settings)) : object,
    ),
  )
}

function withRollouts(deployment: KubeObject): KubeObject {
  const changed = structuredClone(deployment) as unknown as {
    readonly spec: { readonly template: { readonly spec: { containers: { args: string[] }[] } } }
  }
  for (const container of changed.spec.template.spec.containers)
    container.args = ['sync', '--watch', 'cluster', '--rollouts']
  return changed as unknown as KubeObject
}

/** What the owner of a namespace applies, so that the workloads of an account are rolled out, and its Secrets synced. */
export const rolloutRoles = (namespace: string, account: string): readonly KubeObject[] =>
  syncRolesFor(namespace, [account], {
    controllerNamespace: 'akv-injector',
    watch: 'cluster',
    classes: false,
    externalSecrets: false,
    rollouts: [account],
  })

/** What the controller remembers for an account. Undefined if it hasn't looked at it yet. */
export async function recordOf(
  { cluster }: OpenNode,
  namespace: string,
  name: string,
): Promise<RolloutRecord | undefined> {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } }
  const { annotations = {} } = (await cluster.get(account)).body.metadata as {
    readonly annotations?: Readonly<Record<string, string>>
  }
  return readRolloutRecord(annotations[recordAnnotation])
}

/** Kills the controller without a warning. A new pod replaces it, because the kubelet would wait longer after each kill. */
export async function killController(node: OpenNode): Promise<void> {
  const selector = 'app.kubernetes.io/component=sync'
  const [pod] = await node.pods({ namespace: 'akv-injector', selector, count: 1 })
  const [container] = pod.status.containerStatuses ?? []
  if (container?.state.running) await killContainer(node, container)
  await node.cluster.delete(pod)
}
