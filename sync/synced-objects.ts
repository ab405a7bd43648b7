import type { AgentConfig } from '../init-agent/contract.ts'
import type { ObjectReference } from '../keyvault/reference.ts'

/** An object that a Secret is made of, and the version of it that is there now, as far as this is known. */
export interface SyncedObject {
  readonly reference: ObjectReference
  readonly version?: string
}

/**
 * The objects of one Secret.
 *
 * @param versions - by `objectKey`, of what was fetched last; after a restart what is not known yet is taken from the
 *   Secret's own annotation
 */
export function syncedObjects(
  name: string,
  round: { readonly config: AgentConfig; readonly versions: ReadonlyMap<string, string> },
): readonly SyncedObject[] {
  throw new Error(`not built yet: ${name} ${round.versions.size}`)
}
