import type { Account, WantedSecret } from './read-account.ts'
import type { SecretData } from './secret-data.ts'
import type { StoredSecret } from './stored-secret.ts'

/**
 * The record of an account: a Secret with the names of those that the account has, as the controller can't list. It is
 * planned like any other Secret, and deleted with the last name.
 */
export function recordName(account: Pick<Account, 'name'>): string {
  throw new Error(`not built yet: ${account.name}`)
}

/** The record that holds these names: what to pass to `planSecret`, undefined (nothing wanted) when there are none. */
export function wantedRecord(
  account: Pick<Account, 'name'>,
  names: Iterable<string>,
):
  | { readonly secret: WantedSecret; readonly data: SecretData; readonly objects: readonly [] }
  | undefined {
  throw new Error(`not built yet: ${recordName(account)} ${[...names].length}`)
}

/** The names that a record holds; none where it is another's, or of the account's life before. */
export function recordedNames(
  account: Pick<Account, 'name' | 'uid'>,
  record: StoredSecret | undefined,
): ReadonlySet<string> {
  throw new Error(`not built yet: ${account.name} ${record?.name}`)
}
