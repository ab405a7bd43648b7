import type { ObjectReference } from '../../../keyvault/reference.ts'
import { isObject, objectAt } from '../../../lib/shape.ts'
import { readSecretList } from '../../../requests/account/secret-list.ts'
import { readSyncStatus, type SyncStatus } from '../../../requests/account/sync-status.ts'
import {
  isTurnedOff,
  readOwnAnnotations,
  syncKey,
  syncStatusKey,
} from '../../../requests/annotations/keys/own-annotations.ts'

/** A ServiceAccount for which Secrets are synced. */
export interface SyncedAccount {
  readonly namespace: string
  readonly name: string
  /** The objects that its annotation asks for, as far as that can be parsed. Its sources may ask for more. */
  readonly asked: readonly ObjectReference[]
  /** Those of these objects that are for Secrets that the status doesn't name. */
  readonly unnamed: readonly ObjectReference[]
  /** What its annotation looks for. What this has found is in the status only. */
  readonly finds: readonly AskedFind[]
  /** The controller's status for the account. Undefined if there is none yet. */
  readonly status: SyncStatus | undefined
}

interface AskedFind {
  readonly vault: string
  readonly pattern: string
  /** Whether the status names its Secret. */
  readonly isNamed: boolean
}

/** Reads a ServiceAccount as the API server returned it. Returns undefined if no Secret is synced for it. */
export function readSyncedAccount(account: unknown): SyncedAccount | undefined {
  const { namespace, name, annotations } = objectAt(account, 'metadata')
  if (!isObject(annotations)) return undefined
  const { own } = readOwnAnnotations(annotations)
  const { vault, [syncKey]: list, [syncStatusKey]: status } = own
  const isAsking = list !== undefined && !isTurnedOff(own)
  if (!isAsking && status === undefined) return undefined
  const { values, finds } = readSecretList(isAsking ? list : undefined, vault?.trim().toLowerCase())
  const read = status === undefined ? undefined : readSyncStatus(status)
  const named = new Set(read?.secrets.map((secret) => secret.name))
  return {
    namespace: String(namespace),
    name: String(name),
    asked: values.map(({ object }) => object),
    unnamed: values.filter(({ to }) => !named.has(to.secret)).map(({ object }) => object),
    finds: finds.flatMap(({ to, vault, criteria }) =>
      'pattern' in criteria
        ? [{ vault, pattern: criteria.pattern, isNamed: named.has(to.secret) }]
        : [],
    ),
    status: read,
  }
}
