import { keyOf } from '../input/find-object.ts'
import type { NamedObject } from '../input/find-objects.ts'
import {
  isExternalSecret,
  isExternalSecretsKind,
  isSecretStore,
} from '../input/sources/external-secrets-kind.ts'

type StoreDecision =
  | { readonly kind: 'removed'; readonly store: NamedObject }
  | { readonly kind: 'kept'; readonly store: NamedObject; readonly reason: string }

/**
 * Decides which stores are removed: those that only removed ExternalSecrets use. Any text of another object that could be the
 * name of the store counts as use.
 *
 * @param removed - the `keyOf` of the removed ExternalSecrets
 */
export function findUnusedStores(
  objects: readonly NamedObject[],
  removed: ReadonlySet<string>,
): readonly StoreDecision[] {
  const users = objects.filter((object) => isExternalSecretsKind(object) && !isSecretStore(object))
  const left = namesIn(users.filter((user) => !removed.has(keyOf(user))))
  const moved = namesIn(users.filter((user) => removed.has(keyOf(user))))
  return objects.filter(isSecretStore).map((store): StoreDecision => {
    const { name } = store
    const scope = store.kind === 'ClusterSecretStore' ? cluster : store.namespace
    const user = left.get(scope)?.get(name) ?? left.get(anywhere)?.get(name)
    if (user !== undefined) return { kind: 'kept', store, reason: `${user.title} still needs it` }
    return moved.get(scope)?.has(name)
      ? { kind: 'removed', store }
      : { kind: 'kept', store, reason: 'no ExternalSecret of these files uses it' }
  })
}

/** Scopes of names, besides namespaces. No namespace has such a name. */
const cluster = '*cluster'
const anywhere = '*anywhere'

type Names = ReadonlyMap<string, ReadonlyMap<string, NamedObject>>

/** The texts in objects, each with an object that has it, by scope. */
function namesIn(users: readonly NamedObject[]): Names {
  const names = new Map<string, Map<string, NamedObject>>()
  for (const user of users) {
    // A ClusterExternalSecret makes ExternalSecrets in any namespace.
    const scopes = isExternalSecret(user) ? [user.namespace, cluster] : [anywhere]
    for (const scope of scopes) {
      const ofScope = names.get(scope) ?? new Map<string, NamedObject>()
      names.set(scope, ofScope)
      for (const text of textsIn(user.object['spec'])) ofScope.set(text, user)
    }
  }
  return names
}

function textsIn(value: unknown): readonly string[] {
  const texts: string[] = []
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'string') texts.push(next)
    else if (typeof next === 'object' && next !== null)
      for (const inner of Object.values(next)) open.push(inner)
  }
  return texts
}
