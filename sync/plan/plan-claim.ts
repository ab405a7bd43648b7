import { isOffered } from './ownership.ts'
import type { ClaimOperation, SecretStep } from './secret-step.ts'
import type { HeldFields, StoredSecret } from './stored-secret.ts'

/**
 * Puts right who holds which field of a Secret that is ours, where a later Apply of ours would be refused for it.
 * Undefined where nothing is to be put right.
 */
export function planClaim(stored: StoredSecret): SecretStep | undefined {
  const operations = [...unclaimed(stored), ...(isOffered(stored) ? shared(stored) : [])]
  if (operations.length === 0) return undefined
  const { uid, resourceVersion } = stored
  return {
    kind: 'claim',
    patch: [
      { op: 'test', path: '/metadata/uid', value: uid },
      // The places in the list hold for this version only.
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      ...operations,
    ],
  }
}

const entryPath = (place: number): string => `/metadata/managedFields/${place}`

/**
 * A POST leaves an entry of an Update in the managed fields, with which our own Apply would conflict: it is made an
 * Apply's, as client-go's csaupgrade does.
 */
function unclaimed({ unclaimedEntry }: StoredSecret): readonly ClaimOperation[] {
  return unclaimedEntry === undefined
    ? []
    : [{ op: 'replace', path: `${entryPath(unclaimedEntry)}/operation`, value: 'Apply' }]
}

/**
 * Who wrote a value that we force anew with the same bytes goes on holding the field beside us, and the first rotation
 * would conflict. What was handed over is ours alone; what somebody has changed since is not ours any more, and stays.
 */
function shared({ applied, others }: StoredSecret): readonly ClaimOperation[] {
  return [...others].flatMap(([place, held]) =>
    (['data', 'labels', 'annotations'] as const).flatMap((member) =>
      removals(`${entryPath(place)}/fieldsV1/${fieldPaths[member]}`, {
        held: held[member],
        ours: applied[member],
      }),
    ),
  )
}

const fieldPaths: Readonly<Record<keyof HeldFields, string>> = {
  data: 'f:data',
  labels: 'f:metadata/f:labels',
  annotations: 'f:metadata/f:annotations',
}

function removals(
  path: string,
  { held, ours }: { readonly held: ReadonlySet<string>; readonly ours: ReadonlySet<string> },
): readonly ClaimOperation[] {
  const names = [...held].filter((name) => ours.has(name))
  // What is left of a map without members would stand for the map itself.
  if (names.length > 0 && names.length === held.size) return [{ op: 'remove', path }]
  return names.map((name) => ({ op: 'remove', path: `${path}/f:${escaped(name)}` }))
}

/** RFC 6901. */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
