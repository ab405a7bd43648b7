import { subdomainName } from '../../lib/name-rules.ts'
import type { Account } from './account.ts'

const prefix = 'akv-injector-sync-'

/** Kubernetes' limit for the name of a Secret, less the prefix: the record of a longer account name can't be named. */
export const maxAccountNameLength = subdomainName.maxLength - prefix.length

/** The name of an account's record, the Secret that lists the account's Secrets. */
export const recordName = ({ name }: Pick<Account, 'name'>): string => prefix + name

/** Whether this is the name of some account's record. Annotations can't ask for such a Secret. */
export const isRecordName = (name: string): boolean => name.startsWith(prefix)
