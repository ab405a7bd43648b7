import { setTimeout as delay } from 'node:timers/promises'
import { syncRolesFor } from '../../../../repository/rbac/role.ts'
import type { Api, KubeObject } from '../../client/api.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { prefixed } from '../../client/pods.ts'
import { accountName, clientIdOf, type Fleet, placedSecrets, range, tenantId } from './fleet.ts'
import { forEachInParallel, type RolesOf } from './install-fleet.ts'

/** Allows roll-outs, and no Secret sync. */
export const rolloutRolesOf: RolesOf = (namespace, accounts) =>
  syncRolesFor(namespace, [], {
    controllerNamespace: 'akv-injector',
    watch: 'cluster',
    classes: false,
    externalSecrets: false,
    rollouts: accounts,
  })

/** The webhook, which isn't running in a bench, is never called for pods in namespaces with this label. */
export const notInjected = { 'control-plane': 'bench' }

/** The accounts of a fleet, and Deployments of the first account of each namespace, which all use its first object. */
export function rolledObjects(fleet: Fleet, deploymentsEach: number): readonly KubeObject[] {
  const firsts = placedSecrets({ ...fleet, accountsEach: 1, secretsEach: 1 })
  return firsts.flatMap(({ namespace, vault, object }, n) => [
    {
      ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
      metadata: {
        ...{ namespace, name: accountName(0) },
        annotations: {
          'azure.workload.identity/client-id': clientIdOf(n, 0),
          'azure.workload.identity/tenant-id': tenantId,
        },
      },
    },
    ...range(deploymentsEach).map((index) =>
      deployment(
        { namespace, name: `web-${index}` },
        prefixed({ vault, secrets: object, 'on-change': 'rollout' }),
      ),
    ),
  ])
}

function deployment(
  metadata: { readonly namespace: string; readonly name: string },
  annotations: Readonly<Record<string, string>>,
): KubeObject {
  const labels = { app: metadata.name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations },
        spec: {
          serviceAccountName: accountName(0),
          containers: [{ name: 'app', image: 'registry.invalid/app' }],
        },
      },
    },
  }
}

const pollMs = 250
/** So that roll-outs take long enough to be under way at the same time. */
const startMs = 5_000

/** Plays the kubelet: each pod runs after a few seconds, and is ready. Stops when the signal aborts. */
export async function runAllPods(api: Api, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const query = { fieldSelector: 'status.phase=Pending' }
    const { body } = expectSuccess(await api.call({ method: 'GET', path: '/api/v1/pods', query }))
    const pods = (body['items'] as readonly KubeObject[]).filter(
      ({ metadata }) => Date.now() - Date.parse(`${metadata['creationTimestamp']}`) > startMs,
    )
    await forEachInParallel(pods, ({ metadata }) => runPod(api, metadata))
    await delay(pods.length > 0 ? 0 : pollMs)
  }
}

async function runPod(api: Api, { namespace, name }: KubeObject['metadata']): Promise<void> {
  const startedAt = new Date().toISOString().replace(/\.\d+/, '')
  const ready = ['Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    ...{ type, status: 'True', lastTransitionTime: startedAt },
  }))
  const container = {
    ...{ name: 'app', image: 'app', imageID: '', ready: true, started: true, restartCount: 0 },
    state: { running: { startedAt } },
  }
  const answer = await api.call({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/pods/${name}/status`,
    contentType: 'application/merge-patch+json',
    body: { status: { phase: 'Running', conditions: ready, containerStatuses: [container] } },
  })
  // A roll-out may have replaced it meanwhile.
  if (answer.status !== 404) expectSuccess(answer)
}
