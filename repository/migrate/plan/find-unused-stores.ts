import type { ViewOf } from '../../input/environments/folder-views.ts'
import { findObject, keyOf } from '../../input/objects/find-object.ts'
import type { FoundObject, NamedObject } from '../../input/objects/find-objects.ts'
import { valuesIn } from '../../input/placeholders/values-in.ts'
import {
  isExternalSecret,
  isExternalSecretsKind,
  isSecretStore,
} from '../../input/sources/external-secrets-kind.ts'
import { inScope, storesOf } from './store-references.ts'

type StoreDecision =
  | { readonly kind: 'removed'; readonly store: NamedObject }
  | { readonly kind: 'kept'; readonly store: NamedObject; readonly reason: string }

/**
 * Decides which stores can be removed, because removed ExternalSecrets name them and nothing else uses them. Any text in another object
 * that could be a store's name counts as a use.
 *
 * @param removed - the removed ExternalSecrets
 */
export function findUnusedStores(
  { objects, viewOf }: { readonly objects: readonly NamedObject[]; readonly viewOf: ViewOf },
  removed: ReadonlySet<NamedObject>,
): readonly StoreDecision[] {
  const users = objects.filter((object) => isExternalSecretsKind(object) && !isSecretStore(object))
  const environments = [...Map.groupBy(users, viewOf)].map(([view, some]) => ({
    view,
    left: namesIn(some.filter((user) => !removed.has(user))),
    moved: new Set(
      some
        .filter((user) => removed.has(user))
        .flatMap(storesOf)
        .map((store) => keyOf(inScope(store))),
    ),
  }))
  return objects.filter(isSecretStore).map((store): StoreDecision => {
    const { name } = store
    const seeing = environments.filter(
      ({ view }) => findObject<FoundObject>(view.lookUps, store) === store,
    )
    const scope = store.kind === 'ClusterSecretStore' ? cluster : store.namespace
    const user = seeing
      .map(({ left }) => left.get(scope)?.get(name) ?? left.get(anywhere)?.get(name))
      .find((found) => found !== undefined)
    if (user !== undefined) return { kind: 'kept', store, reason: `${user.title} still needs it` }
    return seeing.some(({ moved }) => moved.has(keyOf(inScope(store))))
      ? { kind: 'removed', store }
      : { kind: 'kept', store, reason: 'no ExternalSecret of these files uses it' }
  })
}

/** Scopes of names in addition to the namespaces. No namespace can have such a name. */
const cluster = '*cluster'
const anywhere = '*anywhere'

type Names = ReadonlyMap<string, ReadonlyMap<string, NamedObject>>

/** Collects the texts in objects by scope, each with one object that contains it. */
function namesIn(users: readonly NamedObject[]): Names {
  const names = new Map<string, Map<string, NamedObject>>()
  for (const user of users) {
    // A ClusterExternalSecret can make ExternalSecrets in any namespace.
    const scopes = isExternalSecret(user) ? [user.namespace, cluster] : [anywhere]
    for (const scope of scopes) {
      const ofScope = names.get(scope) ?? new Map<string, NamedObject>()
      names.set(scope, ofScope)
      for (const text of textsIn(user.object['spec'])) ofScope.set(text, user)
    }
  }
  return names
}

const textsIn = (value: unknown): readonly string[] =>
  [...valuesIn(value)].filter((inner) => typeof inner === 'string')
