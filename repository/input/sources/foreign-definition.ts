import type { Policy } from '../../../requests/administrator/policy.ts'
import { readStore, type StoreKind } from '../../../requests/external-secret/read-store.ts'
import type { FoundObject, NamedObject } from '../objects/find-objects.ts'
import { isSecretStore } from './external-secrets-kind.ts'

/**
 * Returns one of several definitions of a store if all of them belong to other providers or controllers. Then the store
 * isn't ours, whichever counts.
 */
export const foreignDefinition = (
  { among = [] }: FoundObject,
  policy: Policy,
): NamedObject | undefined =>
  among.every((store) => isOfOther(store, policy)) ? among[0] : undefined

function isOfOther(store: NamedObject, policy: Policy): boolean {
  const { kind, namespace, object } = store
  const options = { kind: kind as StoreKind, namespace, policy }
  return isSecretStore(store) && readStore(object['spec'], options).kind === 'other'
}
