import { isName, subdomainName } from '../../lib/name-rules.ts'
import { isRecordName, recordName } from '../record-name.ts'
import type { Account } from '../request/account.ts'
import { maxTargets } from '../request/secret-bounds.ts'
import type { DesiredSecret } from './desired-secret.ts'
import { ownershipOf } from './ownership.ts'
import type { StoredSecret } from './stored-secret.ts'

/**
 * The record of an account: a Secret with the names of the account's Secrets, because the controller may not list
 * Secrets. It is planned like any other Secret, written before a new Secret is created, and deleted after the last.
 */

const type = 'akv-injector.io/sync-record'
const key = 'secrets'

/** The record that holds these names. Undefined if there are no names, so that the record is deleted. */
export function desiredRecord(
  account: Pick<Account, 'name'>,
  names: Iterable<string>,
): DesiredSecret | undefined {
  const sorted = [...new Set(names)].sort()
  if (sorted.length === 0) return undefined
  const bytes = Buffer.from(sorted.join('\n'))
  return {
    secret: { name: recordName(account), type, labels: {} },
    data: { keys: new Map([[key, bytes]]), state: 'whole' },
    objects: [],
  }
}

/** A record holds at most the names of two annotations: the one before and the current one. */
const maxNames = 2 * maxTargets

/** The names that a record holds. Empty if the record isn't owned by this account, or by a deleted one of its name. */
export function recordedNames(
  account: Pick<Account, 'name' | 'uid'>,
  record: StoredSecret | undefined,
): ReadonlySet<string> {
  if (record === undefined || ownershipOf(record, account) !== 'ours') return new Set()
  const names = Buffer.from(record.data.get(key) ?? []).toString()
  // Anyone who can edit Secrets may have edited this one, so accept nothing but names of Secrets.
  return new Set(
    names
      .split('\n', maxNames)
      .filter((name) => isName(name, subdomainName) && !isRecordName(name)),
  )
}
