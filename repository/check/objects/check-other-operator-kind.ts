import { printable } from '../../../lib/printable.ts'
import { objectsAt, scalarText, valueAt } from '../../../lib/shape.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import {
  readStore,
  type StoreRef,
  storeRefsIn,
} from '../../../requests/external-secret/read-store.ts'
import { findNamesakes } from '../../input/objects/find-object.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'
import type { Lookups } from '../find/find-undecided.ts'
import { leftToOperator, subjectOf, type Verdict } from '../findings/verdict.ts'

type StoreLookups = Lookups & { readonly policy: Policy }

/**
 * Reports that akv-injector ignores a kind of the External Secrets Operator, such as PushSecret. That isn't a problem if none of the
 * object's stores is of Key Vault, or if it is a generator: an ExternalSecret that needs it has the problem, if there is one.
 */
export function checkOtherOperatorKind(found: NamedObject, lookups: StoreLookups): Verdict {
  const { kind, apiVersion } = found.object
  if (isForOtherStores(found, lookups))
    return leftToOperator(
      found,
      'not-served',
      'not served: none of the stores is of Key Vault; leave it to the operator',
    )
  if (scalarText(apiVersion).startsWith('generators.'))
    return leftToOperator(
      found,
      'not-served',
      'not served: akv-injector has no generators; leave it to the operator',
    )
  const what = typeof kind === 'string' ? `${printable(kind, 63)} of ` : ''
  return {
    subject: subjectOf(found),
    outcome: 'not-served',
    sentence: 'not served',
    details: [],
    findings: [
      {
        severity: 'problem',
        code: 'AKV_CHECK_UNSERVED',
        message: `${what}${printable(scalarText(apiVersion), 100)} is not served here; see docs/from-external-secrets.md`,
      },
    ],
  }
}

/** Whether an object names stores, and each of them is known to be another provider's. */
function isForOtherStores(
  { object }: NamedObject,
  { policy, lookUps, findHidden }: StoreLookups,
): boolean {
  const { spec } = object
  const specs = [spec, valueAt(spec, 'externalSecretSpec'), valueAt(spec, 'pushSecretSpec')]
  const listed = specs.flatMap((some) => objectsAt(some, 'secretStoreRefs'))
  const refs = [...specs, ...listed.map((ref) => ({ secretStoreRef: ref }))].flatMap(storeRefsIn)
  const isOther = ({ kind, name }: StoreRef) => {
    const found = findNamesakes(lookUps, { kind, name })
    const stores = found.length > 0 ? found : findHidden({ kind, name })
    const options = { kind, namespace: undefined, policy }
    const isOfOther = ({ object }: Pick<NamedObject, 'object'>) =>
      readStore(object['spec'], options).kind === 'other'
    return stores.length > 0 && stores.every(isOfOther)
  }
  // A label selector may choose any store.
  return (
    refs.length > 0 && refs.every(isOther) && listed.every(({ name }) => typeof name === 'string')
  )
}
