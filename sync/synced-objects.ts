import type { AgentConfig } from '../init-agent/contract.ts'
import { objectKey } from '../init-agent/wanted-objects.ts'
import type { ObjectReference } from '../keyvault/reference.ts'
import { filesOfSecret } from './secret-data.ts'

/** An object that a Secret is made of, and the version of it that is there now, as far as this is known. */
export interface SyncedObject {
  readonly reference: ObjectReference
  readonly version?: string
}

/**
 * The objects of one Secret.
 *
 * @param round - `versions`: by `objectKey`, of what the content holds; after a restart nobody knows some yet
 */
export function syncedObjects(
  name: string,
  round: { readonly config: AgentConfig; readonly versions: ReadonlyMap<string, string> },
): readonly SyncedObject[] {
  return filesOfSecret(name, round.config).map(({ object: reference }) => {
    const version = reference.version ?? round.versions.get(objectKey(reference))
    return { reference, ...(version !== undefined && { version }) }
  })
}

/**
 * The objects as the annotation `akv-injector.io/synced` lists them: `team-a:db-password@0123…, team-a:tls/web@4567…`.
 *
 * @param before - the annotation as it is: it still holds for what no version is known of
 */
export function syncedText(objects: readonly SyncedObject[], before = ''): string {
  const known = before.split(', ')
  const entries = objects.flatMap(({ reference, version }) => {
    const place = `${placeOf(reference)}@`
    return version === undefined
      ? known.filter((entry) => entry.startsWith(place))
      : [place + version]
  })
  return [...new Set(entries)].sort().join(', ')
}

/** Names compare without regard to case: one object, one entry. */
function placeOf({ vault, type, name }: ObjectReference): string {
  return `${vault}:${type === 'secret' ? '' : `${type}/`}${name.toLowerCase()}`
}
