import { checked, type Field, someOf } from '../../lib/problems/read.ts'
import { type JsonObject, withoutAbsent } from '../../lib/shape.ts'
import type { Composition } from './composition.ts'
import { type Labels, readLabels, readSecretAnnotations } from './labels.ts'
import { opaqueType, parseSecretType } from './secret-types.ts'
import type { SourceRef } from './source-ref.ts'

/** One requested Secret, without its keys: those are files of the configuration. */
export interface RequestedSecret {
  readonly name: string
  readonly type: string
  /** Labels in addition to the controller's own. */
  readonly labels: Labels
  /** Annotations in addition to the controller's own. */
  readonly annotations?: Labels
  /** Absent if the annotation of the account requests it. */
  readonly source?: SourceRef
  /** Absent if each file is a key. */
  readonly composition?: Composition
}

const metadataOf = someOf({
  type: checked(parseSecretType),
  labels: readLabels,
  annotations: readSecretAnnotations,
})

/**
 * Reads what an item of a list says about its Secret, besides its name and its keys. Placeholders replace what can't be read,
 * so that the other problems are found too.
 */
export function readSecretMetadata(
  item: JsonObject,
  at: Field,
): Pick<RequestedSecret, 'type' | 'labels' | 'annotations'> {
  const { type, labels, annotations } = item
  const read = metadataOf({ type, labels, annotations }, at)
  return { type: opaqueType, labels: {}, ...withoutAbsent(read) }
}
