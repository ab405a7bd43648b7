import { isOffered } from './ownership.ts'
import type { ClaimOperation, SecretStep } from './secret-step.ts'
import type { OwnedFields, StoredSecret } from './stored-secret.ts'

/**
 * Corrects who owns which fields of our Secret, if our next apply would conflict otherwise. Undefined if there is nothing to
 * correct.
 */
export function planClaim(stored: StoredSecret): SecretStep | undefined {
  const operations = [...unclaimed(stored), ...(isOffered(stored) ? shared(stored) : [])]
  if (operations.length === 0) return undefined
  const { uid, resourceVersion } = stored
  return {
    kind: 'claim',
    patch: [
      { op: 'test', path: '/metadata/uid', value: uid },
      // The indexes of managedFields are only valid for this version.
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      ...operations,
    ],
  }
}

const entryPath = (index: number): string => `/metadata/managedFields/${index}`

/**
 * A POST records our fields as those of an Update, and our own apply would conflict with that. So this changes the entry
 * to Apply, as client-go's csaupgrade does.
 */
function unclaimed({ unclaimedEntry }: StoredSecret): readonly ClaimOperation[] {
  return unclaimedEntry === undefined
    ? []
    : [{ op: 'replace', path: `${entryPath(unclaimedEntry)}/operation`, value: 'Apply' }]
}

/**
 * A manager whose value we overwrite with the same bytes stays co-owner, and our first rotation would conflict. So this
 * removes the other owners from the fields of an adopted Secret that we own. A field that somebody has changed since isn't
 * ours any more and stays theirs.
 */
function shared({ applied, others }: StoredSecret): readonly ClaimOperation[] {
  return [...others].flatMap(([index, held]) =>
    (['data', 'labels', 'annotations'] as const).flatMap((member) =>
      removals(`${entryPath(index)}/fieldsV1/${fieldPaths[member]}`, {
        held: held[member],
        ours: applied[member],
      }),
    ),
  )
}

const fieldPaths: Readonly<Record<keyof OwnedFields, string>> = {
  data: 'f:data',
  labels: 'f:metadata/f:labels',
  annotations: 'f:metadata/f:annotations',
}

function removals(
  path: string,
  { held, ours }: { readonly held: ReadonlySet<string>; readonly ours: ReadonlySet<string> },
): readonly ClaimOperation[] {
  const names = [...held].filter((name) => ours.has(name))
  // An empty map of fields would mean that the manager owns the map itself.
  if (names.length > 0 && names.length === held.size) return [{ op: 'remove', path }]
  return names.map((name) => ({ op: 'remove', path: `${path}/f:${escaped(name)}` }))
}

/** RFC 6901. */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
