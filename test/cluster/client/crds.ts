import type { KubeObject } from './api.ts'
import { type Cluster, until } from './cluster.ts'
import { expectSuccess } from './expect-success.ts'

/** Waits until CRDs of these names that are being deleted are gone, and applies the CRDs. Resolves when their objects can be listed. */
export async function applyCrds(cluster: Cluster, crds: readonly KubeObject[]): Promise<void> {
  for (const crd of crds) {
    await until(
      async () => (await cluster.get(crd)).body.metadata['deletionTimestamp'] === undefined,
    )
    expectSuccess(await cluster.apply(crd))
  }
  for (const crd of crds) await until(() => isServed(cluster, crd))
}

/** Deletes CRDs, and with them all objects of their kinds. Resolves when the API server has deleted them. */
export async function deleteCrds(cluster: Cluster, crds: readonly KubeObject[]): Promise<void> {
  for (const crd of crds) await cluster.delete(crd)
  for (const crd of crds) await until(async () => (await cluster.get(crd)).status === 404)
}

/** Discovery is later than the condition `Established`. */
async function isServed(cluster: Cluster, crd: KubeObject): Promise<boolean> {
  const { group, names, versions } = crd['spec'] as CrdSpec
  const object = { kind: names.kind, metadata: { name: 'any' } }
  const lists = versions
    .filter(({ served }) => served)
    .map(({ name }) => cluster.list({ ...object, apiVersion: `${group}/${name}` }))
  return (await Promise.allSettled(lists)).every(({ status }) => status === 'fulfilled')
}

interface CrdSpec {
  readonly group: string
  readonly names: { readonly kind: string }
  readonly versions: readonly { readonly name: string; readonly served: boolean }[]
}
