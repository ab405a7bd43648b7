import { isName, subdomainName } from '../../lib/name-rules.ts'
import type { Account } from '../../requests/account/account.ts'
import { isRecordName, recordName } from '../../requests/account/record-name.ts'
import { maxTargets } from '../../requests/secret/secret-bounds.ts'
import { type SourceRef, sourceKey, sourceKinds } from '../../requests/secret/source-ref.ts'
import type { DesiredSecret } from './desired-secret.ts'
import { ownershipOf } from './ownership.ts'
import type { StoredSecret } from './stored-secret.ts'

/**
 * The record of an account: a Secret with the names of the account's Secrets and where they come from, because the
 * controller may not list Secrets. It is planned like any other Secret, written before a new Secret is created, and deleted after the last.
 */

const type = 'akv-injector.io/sync-record'
const key = 'secrets'

/** Where a recorded Secret comes from. */
export interface RecordedOrigin {
  /** Absent if the annotation of the account requested it. */
  readonly source?: SourceRef
  /** The kind of its source was gone, so the Secret stays until somebody requests it again, or deletes it. */
  readonly isHeld?: true
}

/** Identifies the origin of a Secret within its account. Empty for the annotation. */
export const originKey = ({ source }: Pick<RecordedOrigin, 'source'>): string =>
  source === undefined ? '' : sourceKey(source)

/** The Secrets in a record, by name. */
export type RecordedSecrets = ReadonlyMap<string, RecordedOrigin>

/** The record that holds these Secrets. Undefined if there are none, so that the record is deleted. */
export function desiredRecord(
  account: Pick<Account, 'name'>,
  secrets: RecordedSecrets,
): DesiredSecret | undefined {
  const sorted = [...secrets].sort(([a], [b]) => (a < b ? -1 : 1))
  if (sorted.length === 0) return undefined
  const bytes = Buffer.from(sorted.map(lineOf).join('\n'))
  return {
    secret: { name: recordName(account), type, labels: {} },
    data: { keys: new Map([[key, bytes]]), state: 'whole' },
    objects: [],
  }
}

/** `db`, `db SecretProviderClass/kv` or `db SecretProviderClass/kv held`. Earlier versions ignore the last two. */
function lineOf([name, { source, isHeld }]: readonly [string, RecordedOrigin]): string {
  const origin = source === undefined ? [] : [sourceKey(source), ...(isHeld ? ['held'] : [])]
  return [name, ...origin].join(' ')
}

/** A record holds at most the names of two annotations: the one before and the current one. */
const maxNames = 2 * maxTargets

/** The Secrets in a record. Empty if the record isn't owned by this account, or by a deleted one of its name. */
export function readRecord(
  account: Pick<Account, 'name' | 'uid'>,
  record: StoredSecret | undefined,
): RecordedSecrets {
  if (record === undefined || ownershipOf(record, account) !== 'ours') return new Map()
  const text = Buffer.from(record.data.get(key) ?? []).toString()
  return new Map(text.split('\n', maxNames).flatMap(readLine))
}

/** Anyone who can edit Secrets may have edited this one, so accept nothing but valid names. */
function readLine(line: string): readonly (readonly [string, RecordedOrigin])[] {
  const [name = '', origin, state, ...rest] = line.split(' ', 4)
  if (!isName(name, subdomainName) || isRecordName(name) || rest.length > 0) return []
  if (origin === undefined) return [[name, {}]]
  const [kind, source = '', ...more] = origin.split('/', 3)
  const known = sourceKinds.find((sourceKind) => sourceKind === kind)
  if (known === undefined || more.length > 0 || !isName(source, subdomainName)) return []
  if (state !== undefined && state !== 'held') return []
  return [[name, { source: { kind: known, name: source }, ...(state && { isHeld: true }) }]]
}
