import { isObject, type JsonObject } from '../../../lib/shape.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'
import { valuesIn } from '../../input/placeholders/values-in.ts'

/** A reference to a class or a store. */
type Reference = Pick<NamedObject, 'kind' | 'namespace' | 'name'> & { readonly user: string }

/** Clears the namespace of a reference to a ClusterSecretStore. */
export const inScope = <T extends Pick<Reference, 'kind' | 'namespace'>>(some: T): T =>
  some.kind === 'ClusterSecretStore' ? { ...some, namespace: '' } : some

/** Lists the stores that an object of the External Secrets Operator names. */
export const storesOf = ({ title, namespace, object }: NamedObject): readonly Reference[] =>
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
