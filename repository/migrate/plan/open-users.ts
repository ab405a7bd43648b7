import { classNamesOf } from '../../../requests/class/driver-volumes.ts'
import { keyOf } from '../../input/objects/find-object.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'
import { mayEqual } from '../../input/placeholders/open-names.ts'
import { isExternalSecretsKind, isSecretStore } from '../../input/sources/external-secrets-kind.ts'
import type { MigratedContent } from '../content/content.ts'
import { inScope, storesOf } from './store-references.ts'

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
