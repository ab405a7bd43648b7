import type { Policy } from '../../../requests/administrator/policy.ts'
import { findObject } from '../objects/find-object.ts'
import type { FoundObject, NamedObject } from '../objects/find-objects.ts'
import { foreignDefinition } from '../sources/foreign-definition.ts'
import type { FolderView } from './folder-views.ts'

/** Why it isn't clear which of several objects with this name counts. Undefined if it is clear, or doesn't concern us. */
export function findAmbiguity(
  { lookUps }: FolderView,
  wanted: NamedObject,
  policy: Policy,
): string | undefined {
  const found = findObject<FoundObject>(lookUps, wanted)
  return found && foreignDefinition(found, policy) ? undefined : found?.unclear
}
