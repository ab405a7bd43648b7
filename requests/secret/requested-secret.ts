import type { Composition } from './composition.ts'
import type { Labels } from './labels.ts'
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
