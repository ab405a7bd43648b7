import type { AkvError } from '../keyvault/errors.ts'
import type { Account, WantedSecret } from './read-account.ts'
import type { SecretData } from './secret-data.ts'
import type { StoredSecret } from './stored-secret.ts'
import type { SyncedObject } from './synced-objects.ts'

/** What is to be done with one Secret next. After a step that wrote, the Secret is read and planned again. */
export type SecretStep =
  /** It is as it should be, or is none of our business. */
  | { readonly kind: 'nothing' }
  /** It can't be as it should yet: values are missing, or the one before is still being deleted. */
  | { readonly kind: 'wait' }
  /** POST with our field manager: atomic, never merged into somebody else's. */
  | { readonly kind: 'create'; readonly secret: SecretManifest }
  /** JSON patch with our field manager: makes what we created ours to apply to. */
  | { readonly kind: 'claim'; readonly patch: readonly ClaimOperation[] }
  /** Server-side apply with our field manager; the manifest carries the uid. */
  | { readonly kind: 'apply'; readonly secret: SecretManifest; readonly force: boolean }
  /** With the uid as precondition. `renewed`: its account was made anew; `emptied`: the vault has nothing for it any more. */
  | {
      readonly kind: 'delete'
      readonly uid: string
      readonly reason: 'unwanted' | 'renewed' | 'emptied'
    }
  | { readonly kind: 'blocked'; readonly error: AkvError }

/** The JSON to send. */
export interface SecretManifest {
  readonly apiVersion: 'v1'
  readonly kind: 'Secret'
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid?: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly ownerReferences: readonly {
      readonly apiVersion: 'v1'
      readonly kind: 'ServiceAccount'
      readonly name: string
      readonly uid: string
    }[]
  }
  readonly type: string
  /** In base64. */
  readonly data: Readonly<Record<string, string>>
}

/** Of RFC 6902. */
export interface ClaimOperation {
  readonly op: 'test' | 'replace'
  readonly path: string
  readonly value: string
}

export interface SecretSituation {
  readonly account: Pick<Account, 'namespace' | 'name' | 'uid'>
  /** Absent: the account asks for it no more. */
  readonly wanted?: {
    readonly secret: WantedSecret
    readonly data: SecretData
    /** For the annotation `akv-injector.io/synced`; none for the record. */
    readonly objects: readonly SyncedObject[]
  }
  /** Absent: there is no Secret of that name. */
  readonly stored?: StoredSecret | undefined
}

/** Decides what to do with one Secret. Never touches one that isn't ours, and does nothing where nothing changed. */
export function planSecret(situation: SecretSituation): SecretStep {
  throw new Error(`not built yet: ${situation.account.name}`)
}
