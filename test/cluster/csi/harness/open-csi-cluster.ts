import type { Test } from 'tap'
import type { KubeObject } from '../../client/api.ts'
import { type Cluster, openCluster, until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { readCsiManifests, secretProviderClassCrd } from '../../harness/install/csi-manifests.ts'

/**
 * Opens the cluster, and adds what `csi.namespaces: labelled` adds to an install, except for the webhook configuration: the
 * CRD of SecretProviderClass and the webhook's permissions. All of it is removed when the test ends.
 */
export async function openCsiCluster(t: Test): Promise<Cluster> {
  const cluster = openCluster(t)
  const crd = secretProviderClassCrd()
  const permissions = readCsiManifests('labelled').filter(({ kind }) =>
    kind.startsWith('ClusterRole'),
  )
  t.teardown(async () => {
    for (const object of permissions) await cluster.delete(object)
    await removeCrd(cluster)
  })
  for (const object of [crd, ...permissions]) expectSuccess(await cluster.apply(object))
  await untilEstablished(cluster, crd)
  return cluster
}

/** Deletes the CRD, and with it all classes. Resolves when the API server no longer serves the kind. */
export async function removeCrd(cluster: Cluster): Promise<void> {
  const crd = secretProviderClassCrd()
  await cluster.delete(crd)
  await until(async () => (await cluster.get(crd)).status === 404)
}

/** Resolves when the API server serves the kind. Its discovery is later than the condition `Established`. */
export const untilEstablished = (cluster: Cluster, crd: KubeObject): Promise<void> =>
  until(async () => {
    const { spec } = (await cluster.get(crd)).body as unknown as Crd
    const object = { kind: spec.names.kind, metadata: { name: 'any' } }
    const served = spec.versions.filter(({ served }) => served)
    const lists = served.map(({ name }) =>
      cluster.list({ ...object, apiVersion: `${spec.group}/${name}` }),
    )
    return (await Promise.allSettled(lists)).every(({ status }) => status === 'fulfilled')
  })

interface Crd {
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly { readonly name: string; readonly served: boolean }[]
  }
}
