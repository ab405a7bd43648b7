import type { ObjectList } from '../../kubernetes/lists/list-objects.ts'
import type { TokenAudience } from '../../lib/azure/token-audience.ts'
import type { NeededAccess } from '../../requests/access/sync-needs.ts'
import type { Account } from '../../requests/account/account.ts'
import type { SeenClass } from '../../requests/class/seen-class.ts'
import type { SeenWithStatus } from '../../requests/external-secret/seen-external-secret.ts'
import type { SourceRef } from '../../requests/secret/source-ref.ts'
import type { SecretManifest } from '../plan/secret-manifest.ts'
import type { ClaimOperation } from '../plan/secret-step.ts'
import type { StoredSecret } from '../plan/stored-secret.ts'
import type { ReadyStatus } from '../status/ready-status.ts'

/** A ServiceAccount, as read from a list or a watch. */
export interface SeenAccount extends Account {
  readonly resourceVersion: string
  /** The text of `akv-injector.io/sync-status`. Not among the annotations, because a new status must not start a round. */
  readonly status?: string
  /** There was no room for its annotations, for which so much memory is needed. Its Secrets stay as they are. */
  readonly neededBytes?: number
}

/** A namespace of the cluster. */
export interface SeenNamespace {
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly isTerminating: boolean
}

/** What a rule of RBAC allows. */
export interface ResourceRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  /** With a subresource: `serviceaccounts/token`. */
  readonly resources: readonly string[]
  /** Empty: any name. */
  readonly resourceNames: readonly string[]
}

/** What the controller may do in a namespace, as a SelfSubjectRulesReview says. */
export interface RulesReview {
  readonly rules: readonly ResourceRule[]
  /** There may be more rules: some authorizers can't list theirs. */
  readonly isIncomplete: boolean
}

export interface WatchOptions<T> {
  readonly namespace: string
  readonly resourceVersion: string
  /** Called once the API server has accepted the watch. */
  readonly onOpen?: () => void
  readonly onObject: (object: T) => void
  /** `object`: as it was last, with the resourceVersion of its deletion */
  readonly onGone: (name: string, object: T) => void
  /** For a watch of all namespaces. */
  readonly selection?: Selection
  /** Ends the watch as if the API server had ended it. */
  readonly restart?: AbortSignal
  readonly signal: AbortSignal
}

/** Which objects of all namespaces are read. */
export interface Selection {
  /** Whether objects of the namespace are read. Others cost a look at their first fields, and nothing of them is kept. */
  readonly isOurs: (namespace: string) => boolean
  /** Called for each object in another namespace that asks for Secrets. */
  readonly onAsking: (namespace: string) => void
  /** Called with what reading an object has cost, in microseconds of one core. */
  readonly onCost: (namespace: string, microseconds: number) => void
  /** The namespaces whose objects the API server leaves out. */
  readonly leftOut: () => readonly string[]
}

/** The requests for the objects of one kind. `namespace` is empty for all namespaces, and for a cluster-scoped kind. */
export interface KindRequests<T> {
  /**
   * Lists all objects, page by page.
   *
   * @param reduce - drops the parts of an object that need not be kept, before the next page is read
   * @param selection - for a list of all namespaces
   * @throws KindAbsentError if the cluster doesn't know the kind
   */
  list(namespace: string, reduce?: (object: T) => T, selection?: Selection): Promise<ObjectList<T>>
  /** Watches until the API server ends the watch. Returns the resourceVersion to continue from. */
  watch(options: WatchOptions<T>): Promise<string>
}

/** The custom resources that the controller reads. */
interface CustomObjects {
  readonly SecretProviderClass: KindRequests<SeenClass>
  readonly ExternalSecret: KindRequests<SeenWithStatus>
  readonly SecretStore: KindRequests<SeenWithStatus>
  readonly ClusterSecretStore: KindRequests<SeenWithStatus>
}
export type CustomKind = keyof CustomObjects

/** An object whose status the controller writes. */
export interface StatusObject {
  readonly kind: 'ExternalSecret' | 'SecretStore' | 'ClusterSecretStore'
  /** Empty for a ClusterSecretStore. */
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** An Event that informs the owner of an account. */
export interface AccountEvent {
  readonly account: Account
  /** The source of the account that the Event is about. Absent: it is about the account. */
  readonly source?: SourceRef & { readonly uid: string }
  readonly type: 'Normal' | 'Warning'
  readonly reason: 'Synced' | 'SyncFailed'
  readonly message: string
}

export interface SecretName {
  readonly namespace: string
  readonly name: string
}

/**
 * The requests that sync makes to the API server. All functions throw AkvError; those that write Secrets also throw
 * {@link StaleError}.
 */
export interface SyncCluster {
  /** The time by the API server's clock, in milliseconds since 1970. Never throws. */
  serverTimeMs(): number
  /** Lists a single namespace. No admission webhook is called for that, and it fails if the API server can't reach etcd. */
  ping(): Promise<void>
  readonly namespaces: KindRequests<SeenNamespace>
  /** What the controller may do in a namespace. */
  reviewRules(namespace: string): Promise<RulesReview>
  /** Whether the controller may do one thing in a namespace. */
  reviewAccess(namespace: string, access: NeededAccess): Promise<boolean>
  readonly accounts: KindRequests<SeenAccount>
  readonly objectsOf: CustomObjects
  /** Whether the API server serves the kind, and isn't about to remove it. */
  servesKind(kind: CustomKind): Promise<boolean>
  /** Fails if the account now has another uid. */
  requestToken(account: Account, audience: TokenAudience): Promise<string>
  /** Undefined if it doesn't exist. Functions that write return the Secret as written. */
  readSecret(secret: SecretName): Promise<StoredSecret | undefined>
  createSecret(secret: SecretManifest): Promise<StoredSecret>
  claimSecret(secret: SecretName, patch: readonly ClaimOperation[]): Promise<StoredSecret>
  applySecret(secret: SecretManifest, options: { readonly force: boolean }): Promise<StoredSecret>
  deleteSecret(secret: SecretName, uid: string): Promise<void>
  createEvent(event: AccountEvent): Promise<void>
  /** Applies the status of an object, or withdraws ours if it is absent. Fails if the object now has another uid. */
  writeReadyStatus(object: StatusObject, status: ReadyStatus | undefined): Promise<void>
  /** Sets or removes the account's `akv-injector.io/sync-status`. Fails if the account now has another uid. */
  writeStatus(account: Account, status: string | undefined): Promise<void>
}

/** The cluster doesn't know a kind, because its CRD isn't installed. */
export class KindAbsentError extends Error {
  override readonly name = 'KindAbsentError'
}

/** The Secret has changed since it was read. Nothing was written. Read it again, and plan the next step from that. */
export class StaleError extends Error {
  override readonly name = 'StaleError'
}
