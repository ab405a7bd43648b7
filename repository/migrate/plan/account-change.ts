import type { JsonObject } from '../../../lib/shape.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'

/** New annotations of a ServiceAccount. */
export interface AccountChange {
  readonly namespace: string
  readonly name: string
  /** Absent if no file has the account. */
  readonly existing?: NamedObject
  /** A class or an ExternalSecret whose Secrets the account has now. */
  readonly source: NamedObject
  readonly annotations: JsonObject
}
