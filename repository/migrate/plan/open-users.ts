import { isObject, type JsonObject } from '../../../lib/shape.ts'
import { classNamesOf } from '../../../requests/class/driver-volumes.ts'
import { keyOf } from '../../input/objects/find-object.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'
import { mayEqual } from '../../input/placeholders/open-names.ts'
import { valuesIn } from '../../input/placeholders/values-in.ts'
import { isExternalSecretsKind, isSecretStore } from '../../input/sources/external-secrets-kind.ts'
import type { MigratedContent } from '../content/content.ts'

/** A reference to a class or a store. */
type Reference = Pick<NamedObject, 'kind' | 'namespace' | 'name'> & { readonly user: string }

/** Bounds the comparisons. People write fewer names. */
const maxReferences = 500

/**
 * Returns a function that finds objects that may use a class or a store once placeholders have values: those with a
 * reference to a name that no file has, if the reference or the class's or store's own name has a placeholder.
 */
export function openUserFinder(
  content: MigratedContent,
): (object: NamedObject) => string | undefined {
  const { objects, templates } = content
  const known = new Set(objects.map((object) => keyOf(inScope(object))))
  const references = [
    ...templates.flatMap(({ title, namespace, pod }) =>
      [...classNamesOf(pod)].map((name) => ({ kind: classKind, namespace, name, user: title })),
    ),
    ...objects
      .filter((object) => isExternalSecretsKind(object) && !isSecretStore(object))
      .flatMap(storesOf),
  ]
    .map(inScope)
    .filter((reference) => !known.has(keyOf(reference)))
  const open = [...new Map(references.map((reference) => [keyOf(reference), reference])).values()]
  return (object) => {
    const wanted = inScope(object)
    const user = open
      .slice(0, maxReferences)
      .find(
        ({ kind, namespace, name }) =>
          kind === object.kind &&
          mayEqual(name, wanted.name) &&
          mayEqual(namespace, wanted.namespace),
      )
    if (user) return `${user.user} may need it`
    return open.length > maxReferences ? 'too many names have placeholders' : undefined
  }
}

const classKind = 'SecretProviderClass'

/** Clears the namespace of a reference to a ClusterSecretStore. */
const inScope = <T extends Pick<Reference, 'kind' | 'namespace'>>(some: T): T =>
  some.kind === 'ClusterSecretStore' ? { ...some, namespace: '' } : some

/** Lists the stores that an object of the External Secrets Operator names. */
const storesOf = ({ title, namespace, object }: NamedObject): readonly Reference[] =>
  [...valuesIn(object['spec'])].filter(isObject).flatMap((inner) =>
    Object.entries(inner)
      .filter(([key]) => /storeRefs?$/i.test(key))
      .flatMap(([, ref]) => refsIn(ref, { namespace, user: title })),
  )

const refsIn = (
  value: unknown,
  common: Pick<Reference, 'namespace' | 'user'>,
): readonly Reference[] =>
  (Array.isArray(value) ? value : [value])
    .filter((ref): ref is JsonObject => isObject(ref) && typeof ref['name'] === 'string')
    .map(({ name, kind }) => ({
      ...common,
      name: String(name),
      kind: kind === 'ClusterSecretStore' ? kind : 'SecretStore',
    }))
