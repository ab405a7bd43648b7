import type { AccountId } from '../../requests/account/account.ts'
import {
  changedAtAnnotation,
  managedByLabel,
  managedByUs,
  syncedAnnotation,
} from '../../requests/secret/names.ts'
import type { RequestedSecret } from '../../requests/secret/requested-secret.ts'
import { type SyncedObject, syncedText } from './synced-objects.ts'

/** A Secret as the controller sends it to the API server: the fields that we own, and no others. */
export interface SecretManifest {
  readonly apiVersion: 'v1'
  readonly kind: 'Secret'
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    /** The API server refuses an apply if the Secret has another uid or doesn't exist. */
    readonly uid?: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly ownerReferences: readonly AccountReference[]
  }
  readonly type: string
  /** Values in base64. */
  readonly data: Readonly<Record<string, string>>
}

interface AccountReference {
  readonly apiVersion: 'v1'
  readonly kind: 'ServiceAccount'
  readonly name: string
  readonly uid: string
}

/**
 * @param options - `uid` and `syncedBefore`: the existing Secret's uid and `synced` annotation; `areKeysKept`: `keys`
 *   includes keys whose entries are gone from the account's annotation; `changedAt`: when the values last changed. Absent: they
 *   haven't since the Secret was created, so nobody who uses it is out of date
 */
export function secretManifest(options: {
  readonly account: AccountId
  readonly secret: RequestedSecret
  readonly keys: ReadonlyMap<string, Uint8Array>
  readonly objects: readonly SyncedObject[]
  readonly uid?: string
  readonly syncedBefore?: string | undefined
  readonly areKeysKept?: boolean | undefined
  readonly changedAt?: string | undefined
}): SecretManifest {
  const { account, secret, keys, objects, uid, syncedBefore, areKeysKept, changedAt } = options
  const { namespace, name } = account
  const synced = syncedText(objects, { before: syncedBefore, areKeysKept })
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secret.name,
      namespace,
      ...(uid !== undefined && { uid }),
      labels: { ...secret.labels, [managedByLabel]: managedByUs },
      annotations: {
        ...secret.annotations,
        ...(synced !== '' && { [syncedAnnotation]: synced }),
        ...(changedAt !== undefined && { [changedAtAnnotation]: changedAt }),
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'ServiceAccount', name, uid: account.uid }],
    },
    type: secret.type,
    data: Object.fromEntries(
      [...keys].map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')]),
    ),
  }
}
