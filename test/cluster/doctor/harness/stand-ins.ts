import { valueAt } from '../../../../lib/shape.ts'
import type { Answer, Api, KubeObject } from '../../client/api.ts'
import { type Cluster, until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'

/** These tests have no node and no scheduler, so they write what those would. */

const namespace = 'akv-injector'

/** Writes the status of a node. */
export async function addNode(
  api: Api,
  { name, kubeletVersion }: { readonly name: string; readonly kubeletVersion: string },
): Promise<void> {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name } }
  expectSuccess(await api.call({ method: 'POST', path: '/api/v1/nodes', body: node }))
  const status = {
    nodeInfo: {
      ...{ kubeletVersion, operatingSystem: 'linux', architecture: 'amd64', machineID: '' },
      ...{ systemUUID: '', bootID: '', kernelVersion: '', osImage: '' },
      ...{ containerRuntimeVersion: '', kubeProxyVersion: '' },
    },
  }
  expectSuccess(await patchStatus(api, `/api/v1/nodes/${name}`, status))
}

/** Writes the condition Ready of all pods of a Deployment of the install, and waits until the Deployment counts them. */
export async function setReady(
  { api, cluster }: { readonly api: Api; readonly cluster: Cluster },
  component: string,
  status: 'True' | 'False',
): Promise<void> {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `akv-injector-${component}`, namespace },
  }
  const any = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace } }
  await until(async () => {
    const pods = await cluster.list(any, `app.kubernetes.io/component=${component}`)
    for (const pod of pods) await setPodReady(api, pod, status)
    const { body } = await cluster.get(deployment)
    const of = (part: 'spec' | 'status', name: string) => valueAt(body, part, name) ?? 0
    const wanted = of('spec', 'replicas')
    // An earlier test may have begun a rollout, whose pods come and go.
    const isRolledOut = ['replicas', 'updatedReplicas'].every(
      (name) => of('status', name) === wanted,
    )
    return isRolledOut && of('status', 'readyReplicas') === (status === 'True' ? wanted : 0)
  })
}

/** Without an address, the pod isn't an endpoint of its Service. */
async function setPodReady(api: Api, { metadata }: KubeObject, status: string): Promise<void> {
  const lastTransitionTime = '2026-11-29T00:00:00Z'
  const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`
  const conditions = [{ type: 'Ready', status, lastTransitionTime }]
  const answer = await patchStatus(api, path, { phase: 'Running', conditions })
  // A rollout may have deleted the pod. The next list has the one that replaces it.
  if (answer.status !== 404) expectSuccess(answer)
}

async function patchStatus(api: Api, path: string, status: object): Promise<Answer> {
  const contentType = 'application/strategic-merge-patch+json'
  const call = { method: 'PATCH', path: `${path}/status`, body: { status }, contentType } as const
  return await api.call(call)
}
