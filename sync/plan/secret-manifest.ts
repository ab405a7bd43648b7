import type { Account, RequestedSecret } from '../request/read-account.ts'
import { managedByLabel, managedByUs, syncedAnnotation } from './names.ts'
import { type SyncedObject, syncedText } from './synced-objects.ts'

/** A Secret as the controller writes it, in JSON: everything of it that is ours, and nothing else. */
export interface SecretManifest {
  readonly apiVersion: 'v1'
  readonly kind: 'Secret'
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    /** The API server refuses to apply to an object of another one, or of none. */
    readonly uid?: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly ownerReferences: readonly AccountReference[]
  }
  readonly type: string
  /** In base64. */
  readonly data: Readonly<Record<string, string>>
}

interface AccountReference {
  readonly apiVersion: 'v1'
  readonly kind: 'ServiceAccount'
  readonly name: string
  readonly uid: string
}

/**
 * @param options - `uid`: of the Secret that is there; `syncedBefore`: its annotation; `areKeysKept`: keys stay that
 *   come from objects that aren't asked for any more
 */
export function secretManifest(options: {
  readonly account: Pick<Account, 'namespace' | 'name' | 'uid'>
  readonly secret: RequestedSecret
  readonly keys: ReadonlyMap<string, Uint8Array>
  readonly objects: readonly SyncedObject[]
  readonly uid?: string
  readonly syncedBefore?: string | undefined
  readonly areKeysKept?: boolean | undefined
}): SecretManifest {
  const { account, secret, keys, objects, uid, syncedBefore, areKeysKept } = options
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
      annotations: synced === '' ? {} : { [syncedAnnotation]: synced },
      ownerReferences: [{ apiVersion: 'v1', kind: 'ServiceAccount', name, uid: account.uid }],
    },
    type: secret.type,
    data: Object.fromEntries(
      [...keys].map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')]),
    ),
  }
}
