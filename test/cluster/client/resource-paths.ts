import type { Api, KubeObject } from './api.ts'
import { expectSuccess } from './expect-success.ts'

export interface ResourcePath {
  /** The path at which objects of this kind and namespace are listed and created. */
  readonly collection: string
  readonly object: string
}

/** Finds the paths of objects by the cluster's API discovery. */
export function resourcePaths(api: Api): (object: KubeObject) => Promise<ResourcePath> {
  const known = new Map<string, readonly Resource[]>()
  const find = (base: string, kind: string) =>
    known.get(base)?.find((resource) => resource.kind === kind)
  return async ({ apiVersion, kind, metadata }) => {
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    // A CRD may have been added since.
    if (!find(base, kind)) known.set(base, await discover(api, base))
    const found = find(base, kind)
    if (!found) throw new Error(`the cluster has no resource of kind ${kind} in ${apiVersion}`)
    const { name, namespace = 'default' } = metadata
    const collection = found.namespaced
      ? `${base}/namespaces/${namespace}/${found.name}`
      : `${base}/${found.name}`
    return { collection, object: `${collection}/${name}` }
  }
}

interface Resource {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
}

async function discover(api: Api, path: string): Promise<readonly Resource[]> {
  const { body } = expectSuccess(await api.call({ method: 'GET', path }))
  // Without subresources, such as pods/ephemeralcontainers.
  return (body['resources'] as Resource[]).filter(({ name }) => !name.includes('/'))
}
