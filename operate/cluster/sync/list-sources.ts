import { isAnswer } from '../../../kubernetes/answers.ts'
import { pluralOf } from '../../../lib/count-of.ts'
import { groupOf, type Kind, listAll } from '../list-all.ts'
import { mayRead } from '../may-read.ts'
import type { Cluster } from '../open-cluster.ts'

export const accountKind: Kind = {
  kind: 'ServiceAccount',
  api: 'api/v1',
  resource: 'serviceaccounts',
}
export const classKind: Kind = {
  kind: 'SecretProviderClass',
  api: 'apis/secrets-store.csi.x-k8s.io/v1',
  resource: 'secretproviderclasses',
}
export const externalSecretKind: Kind = {
  kind: 'ExternalSecret',
  api: 'apis/external-secrets.io/v1',
  resource: 'externalsecrets',
}

/**
 * Lists the objects of a kind that the caller may not be allowed to read, and that the cluster may not have.
 *
 * @param read - returns what to keep of an object, or undefined
 * @returns undefined if the caller may not read them; a notice says so
 */
export async function listIfAllowed<T>(
  cluster: Cluster,
  kind: Kind,
  {
    selector,
    read,
  }: { readonly selector?: string | undefined; readonly read: (object: unknown) => T | undefined },
): Promise<readonly T[] | undefined> {
  const group = groupOf(kind)
  if (group !== '' && !(await isServed(cluster, kind))) return []
  const { namespace } = cluster
  const right = { what: pluralOf(kind.kind), group, resource: kind.resource, namespace }
  if (!(await mayRead(cluster, right))) return undefined
  const found: T[] = []
  await listAll(cluster, kind, {
    namespace,
    selector,
    onObject: (object) => {
      const result = read(object)
      if (result !== undefined) found.push(result)
    },
  })
  return found
}

/** Whether the cluster has the kind. Everybody may ask that. */
async function isServed({ get }: Pick<Cluster, 'get'>, { api }: Kind): Promise<boolean> {
  try {
    await get(`/${api}`)
    return true
  } catch (error) {
    return !isAnswer(error, 404)
  }
}
