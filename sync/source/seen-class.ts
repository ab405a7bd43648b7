import { isObject, type JsonObject } from '../../lib/shape.ts'
import { pruneClass } from '../../webhook/core/csi/prune-class.ts'
import { azureParametersOf } from '../../webhook/core/csi/read-class.ts'
import { accountAnnotation } from './choose-account.ts'
import { readClaims } from './read-claims.ts'

/** A SecretProviderClass, as read from a list or a watch, without what isn't needed. */
export interface SeenClass {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly createdAtMs: number
  /** The value of {@link accountAnnotation}. */
  readonly annotated?: string
  readonly content: ClassContent
}

export type ClassContent =
  /** The class requests no Secrets, or isn't for Azure. */
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'kept'
      /** The class with its `spec.provider` and `spec.parameters` only. */
      readonly object: unknown
      readonly secretObjects: unknown
      /** How much memory it takes, about. */
      readonly characters: number
    }
  /** The class isn't kept. `sentence` says why. */
  | {
      readonly kind: 'refused'
      readonly sentence: string
      /** The names of its Secrets, which no younger class may take over. */
      readonly claims: readonly string[]
    }

/** Enough for hundreds of keys. A class may have 1 MiB, and all of a namespace are kept. */
const maxSecretObjectsCharacters = 64 * 1024
/** More than any name that can be annotated. */
const maxNameLength = 253

/** Reads a class of a list or a watch. Returns an empty list for anything else. */
export function readSeenClass(object: unknown): readonly SeenClass[] {
  const metadata = isObject(object) ? object['metadata'] : undefined
  if (!isObject(object) || !isObject(metadata)) return []
  const { namespace, name, uid, resourceVersion, creationTimestamp, annotations } = metadata
  if (![namespace, name, uid, resourceVersion].every((text) => typeof text === 'string')) return []
  const annotated = isObject(annotations) ? annotations[accountAnnotation] : undefined
  const createdAtMs = Date.parse(String(creationTimestamp))
  return [
    {
      namespace,
      name,
      uid,
      resourceVersion,
      createdAtMs: Number.isNaN(createdAtMs) ? 0 : createdAtMs,
      ...(typeof annotated === 'string' && { annotated: annotated.slice(0, maxNameLength) }),
      content: contentOf(object),
    } as SeenClass,
  ]
}

function contentOf(object: JsonObject): ClassContent {
  const spec = object['spec']
  const secretObjects = isObject(spec) ? spec['secretObjects'] : undefined
  const isEmpty = Array.isArray(secretObjects) && secretObjects.length === 0
  if (azureParametersOf(object) === undefined || secretObjects == null || isEmpty)
    return { kind: 'nothing' }
  const text = textOf(secretObjects)
  if (text.length > maxSecretObjectsCharacters)
    return {
      kind: 'refused',
      claims: readClaims(secretObjects),
      sentence: `secretObjects: found ${text.length} characters; accepted: at most ${maxSecretObjectsCharacters}`,
    }
  const pruned = pruneClass(object)
  if (pruned.kind !== 'found')
    return {
      kind: 'refused',
      claims: readClaims(secretObjects),
      sentence: 'reason' in pruned ? pruned.reason : 'cannot be read',
    }
  const kept = pruned.object
  const characters = text.length + JSON.stringify(kept).length
  // Copies what is kept, because parsed strings may refer to the whole text of the answer.
  return { kind: 'kept', object: kept, secretObjects: JSON.parse(text), characters }
}

/** Deep nesting, which a CRD could allow, is too much for JSON.stringify. The empty text isn't a list of Secrets. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    return '""'
  }
}
