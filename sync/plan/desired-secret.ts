import type { RequestedSecret } from '../../requests/secret/requested-secret.ts'
import type { SecretData } from './secret-data.ts'
import type { SyncedObject } from './synced-objects.ts'

/** The state that the controller wants a Secret to be in. */
export interface DesiredSecret {
  readonly secret: RequestedSecret
  readonly data: SecretData
  /** For the annotation `akv-injector.io/synced`. Empty for a record. */
  readonly objects: readonly SyncedObject[]
}
