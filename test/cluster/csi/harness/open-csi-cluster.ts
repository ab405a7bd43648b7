import type { Test } from 'tap'
import { type Cluster, openCluster } from '../../client/cluster.ts'
import { applyCrds, deleteCrds } from '../../client/crds.ts'
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
    await deleteCrds(cluster, [crd])
  })
  await applyCrds(cluster, [crd])
  for (const object of permissions) expectSuccess(await cluster.apply(object))
  return cluster
}
