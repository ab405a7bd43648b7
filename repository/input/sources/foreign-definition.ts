import type { Policy } from '../../../requests/administrator/policy.ts'
import { readStore, type StoreKind } from '../../../requests/external-secret/read-store.ts'
import type { FoundObject, NamedObject } from '../objects/find-objects.ts'
import { isSecretStore } from './external-secrets-kind.ts'

/**
 * Finds, among several definitions of a store, one that belongs to another provider or controller. Then the store isn't
 * ours, whichever counts.
 */
export const foreignDefinition = (
  { among = [] }: FoundObject,
  policy: Policy,
): NamedObject | undefined =>
  among.find((store) => {
    const { kind, namespace, object } = store
    const options = { kind: kind as StoreKind, namespace, policy }
    return isSecretStore(store) && readStore(object['spec'], options).kind === 'other'
  })
