import { type JsonObject, valueAt } from '../../lib/shape.ts'
import {
  boundedText,
  bytesToKeep,
  readSeen,
  type SeenSource,
  type SourceContent,
} from '../source/seen-source.ts'
import { pruneClass } from './prune-class.ts'
import { readClaims } from './read-claims.ts'
import { azureParametersOf } from './read-class.ts'

/** A SecretProviderClass. */
export type SeenClass = SeenSource<KeptClass>

interface KeptClass {
  /** The JSON text of {@link ClassParts}, which takes less memory than its values. */
  readonly text: string
}

/** The parts of a class that are read. */
export interface ClassParts {
  /** The class with its `spec.provider` and `spec.parameters` only. */
  readonly object: unknown
  readonly secretObjects: unknown
}

/** Enough for hundreds of keys. A class may have 1 MiB, and all of a namespace are kept. */
const maxSecretObjectsCharacters = 64 * 1024
/** Reads a class of a list or a watch. Returns an empty list for anything else. */
export const readSeenClass = (object: unknown): readonly SeenClass[] => readSeen(object, contentOf)

function contentOf(object: JsonObject): SourceContent<KeptClass> {
  const secretObjects = valueAt(object, 'spec', 'secretObjects')
  const isEmpty = Array.isArray(secretObjects) && secretObjects.length === 0
  if (azureParametersOf(object) === undefined || secretObjects == null || isEmpty)
    return { kind: 'nothing' }
  const claims = readClaims(secretObjects)
  const bounded = boundedText(secretObjects, maxSecretObjectsCharacters)
  if ('sentence' in bounded)
    return {
      kind: 'refused',
      claims,
      sentence: `secretObjects: ${bounded.sentence}`,
      path: ['spec', 'secretObjects'],
    }
  const pruned = pruneClass(object)
  if (pruned.kind !== 'found')
    return {
      kind: 'refused',
      claims,
      sentence: 'reason' in pruned ? pruned.reason : 'cannot be read',
    }
  const text = JSON.stringify({ object: pruned.object, secretObjects } satisfies ClassParts)
  return { kind: 'kept', text, claims, bytes: bytesToKeep(text) }
}
