import type { SecretManifest } from '../plan/secret-manifest.ts'
import type { ClaimOperation } from '../plan/secret-step.ts'
import type { StoredSecret } from '../plan/stored-secret.ts'
import type { Account } from '../request/account.ts'

/** A ServiceAccount in one of its states. */
export interface SeenAccount extends Account {
  readonly resourceVersion: string
  /** What `akv-injector.io/sync-status` says. Not among the annotations: a new status must not start a round. */
  readonly status?: string
}

export interface AccountList {
  readonly accounts: readonly SeenAccount[]
  /** Where a watch goes on. */
  readonly resourceVersion: string
}

export interface WatchAccountsOptions {
  readonly namespace: string
  readonly resourceVersion: string
  /** Once the API server has accepted the watch. */
  readonly onOpen?: () => void
  readonly onAccount: (account: SeenAccount) => void
  readonly onGone: (name: string) => void
  readonly signal: AbortSignal
}

/** What the controller tells the owner of an account. */
export interface AccountEvent {
  readonly account: Account
  readonly type: 'Normal' | 'Warning'
  readonly reason: 'Synced' | 'SyncFailed'
  readonly message: string
}

export interface SecretName {
  readonly namespace: string
  readonly name: string
}

/** The API server, as far as sync needs it. Everything throws an AkvError, and what writes also {@link StaleError}. */
export interface SyncCluster {
  /** @param reduce - what is to be kept of each, as there may be many */
  listAccounts(
    namespace: string,
    reduce?: (account: SeenAccount) => SeenAccount,
  ): Promise<AccountList>
  /** Until the API server ends it; gives the version to go on from. */
  watchAccounts(options: WatchAccountsOptions): Promise<string>
  /** Only while the account is the one of that uid. */
  requestToken(account: Account): Promise<string>
  /** What writes gives the Secret as it is then. */
  readSecret(secret: SecretName): Promise<StoredSecret | undefined>
  createSecret(secret: SecretManifest): Promise<StoredSecret>
  claimSecret(secret: SecretName, patch: readonly ClaimOperation[]): Promise<StoredSecret>
  applySecret(secret: SecretManifest, options: { readonly force: boolean }): Promise<StoredSecret>
  deleteSecret(secret: SecretName, uid: string): Promise<void>
  createEvent(event: AccountEvent): Promise<void>
  /** Sets the account's `akv-injector.io/sync-status`, or takes it off. Fails if the account is another by now. */
  writeStatus(account: Account, status: string | undefined): Promise<void>
}

/** The Secret isn't what it was when it was read: nothing was written, and a fresh look tells what to do. */
export class StaleError extends Error {
  override readonly name = 'StaleError'
}
