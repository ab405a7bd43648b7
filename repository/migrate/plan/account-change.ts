import type { JsonObject } from '../../../lib/shape.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'

/** New annotations of a ServiceAccount. */
export interface AccountChange {
  readonly namespace: string
  readonly name: string
  /** The account in the files. Absent if no file has it. */
  readonly existing?: NamedObject
  /** A class or an ExternalSecret whose Secrets move to the account. */
  readonly source: NamedObject
  readonly annotations: JsonObject
}
