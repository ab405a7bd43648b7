import type { Policy } from '../../../requests/administrator/policy.ts'
import {
  externalSecretSource,
  type FindFoundStore,
  storeContent,
} from '../../../requests/external-secret/external-secret-source.ts'
import type { StoreRef } from '../../../requests/external-secret/read-store.ts'
import {
  readSeenExternalSecret,
  readSeenStore,
  type SeenWithStatus,
} from '../../../requests/external-secret/seen-external-secret.ts'
import type { Source } from '../../../requests/source/source.ts'
import { findElsewhere } from '../objects/find-elsewhere.ts'
import { findNear } from '../objects/find-near.ts'
import { findNamesakes, keyOf } from '../objects/find-object.ts'
import type { FoundObject, NamedObject } from '../objects/find-objects.ts'
import { findPossible } from '../objects/find-possible.ts'
import { isSecretStore } from './external-secrets-kind.ts'
import { foreignDefinition } from './foreign-definition.ts'
import { openScope } from './open-scope.ts'

/**
 * Returns a function that reads what an ExternalSecret of the files requests.
 *
 * @param objects - where to find its store
 */
export function externalSecretReader(
  objects: readonly FoundObject[],
  policy: Policy,
): (found: NamedObject) => Source | undefined {
  const all = objects.filter(isSecretStore)
  const stores = new Map(all.map((store) => [storeKey(store), store]))
  const read = new Map<string, SeenWithStatus>()
  return (found) => {
    const { namespace } = found
    const findStore: FindFoundStore = (ref) => {
      const key = storeKey({ ...ref, namespace })
      const found = stores.get(key)
      const store = (found && foreignDefinition(found, policy)) ?? found
      const possible = store
        ? undefined
        : findOther({ objects, stores: all }, { ...ref, namespace })
      const seen = read.get(key) ?? seenStore(store, possible)
      read.set(key, seen)
      const content = storeContent(seen, { kind: ref.kind, namespace, policy })
      const open = openScope(store?.object, namespace)
      return {
        annotated: seen.annotated,
        content: open === undefined ? content : { kind: 'unread', sentence: open },
      }
    }
    const [seen] = readSeenExternalSecret(withMetadata(found))
    return seen && externalSecretSource(seen, { policy, findStore })
  }
}

/** Finds a store that the author may have meant, or that a name may turn out to mean. */
function findOther(
  { objects, stores }: Readonly<Record<'objects' | 'stores', readonly FoundObject[]>>,
  wanted: StoreRef & Pick<FoundObject, 'namespace'>,
): string | undefined {
  const { kind, name, namespace } = wanted
  const other = kind === 'SecretStore' ? 'ClusterSecretStore' : 'SecretStore'
  const isUsable = (store: FoundObject) =>
    other === 'ClusterSecretStore' || store.namespace === namespace
  return (
    findPossible(stores, wanted) ??
    findElsewhere(objects, wanted) ??
    (findNamesakes(objects, { kind: other, name }).some(isUsable)
      ? `is not among these files, but ${other} ${name} is; write kind: ${other} in the reference`
      : undefined) ??
    findNear(stores, wanted)
  )
}

/** Reads a store of the files, or makes a stand-in for a store that they don't have. */
export function seenStore(store: FoundObject | undefined, possible?: string): SeenWithStatus {
  if (store?.unclear !== undefined) return unread(store.unclear)
  const [seen] = store ? readSeenStore(withMetadata(store)) : []
  return seen ?? unread(possible ?? 'is not among these files; pass the file that has it')
}

const unread = (sentence: string): SeenWithStatus => ({
  namespace: '',
  name: '',
  uid: '',
  resourceVersion: '',
  createdAtMs: 0,
  content: {
    kind: 'refused',
    claims: [],
    sentence,
  },
  status: {},
})

const storeKey = ({ kind, namespace, name }: Pick<FoundObject, 'kind' | 'namespace' | 'name'>) =>
  keyOf({ kind, namespace: kind === 'ClusterSecretStore' ? '' : namespace, name })

/** Returns an object as the API server would. */
export const withMetadata = ({ namespace, name, object }: FoundObject): object => ({
  ...object,
  metadata: {
    ...(object['metadata'] as object | undefined),
    namespace,
    name,
    // Fields that only the API server sets.
    uid: '',
    resourceVersion: '',
  },
})
