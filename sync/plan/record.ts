import { isName, subdomainName } from '../../kubernetes/name-rules.ts'
import type { Account } from '../request/read-account.ts'
import { maxTargets } from '../request/secret-bounds.ts'
import { ownershipOf } from './ownership.ts'
import type { DesiredSecret } from './plan-secret.ts'
import type { StoredSecret } from './stored-secret.ts'

const prefix = 'akv-injector-sync-'
const type = 'akv-injector.io/sync-record'
const key = 'secrets'

/** Kubernetes' bound for the name of a Secret, less the prefix: a longer account has no place for its record. */
export const maxAccountNameLength = subdomainName.maxLength - prefix.length

/**
 * The record of an account: a Secret with the names of those that the account has, as the controller may not list. It
 * is planned as any other, written before a new Secret is, and deleted with the last.
 */
export const recordName = ({ name }: Pick<Account, 'name'>): string => prefix + name

/** True for the name of anybody's record, which no annotation may ask for. */
export const isRecordName = (name: string): boolean => name.startsWith(prefix)

/** The record that holds these names, to be planned; undefined where there are none. */
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

/** What two annotations can name, that of before and that of now: no more than that is to be looked at. */
const maxNames = 2 * maxTargets

/** The names that a record holds; none where it is not the account's own, or of its life before. */
export function recordedNames(
  account: Pick<Account, 'name' | 'uid'>,
  record: StoredSecret | undefined,
): ReadonlySet<string> {
  if (record === undefined || ownershipOf(record, account) !== 'ours') return new Set()
  const names = Buffer.from(record.data.get(key) ?? []).toString()
  // Whoever may change Secrets may have changed this one: no path to anything but a Secret.
  return new Set(
    names
      .split('\n', maxNames)
      .filter((name) => isName(name, subdomainName) && !isRecordName(name)),
  )
}
