import { tokenAudience } from '../../../lib/azure/token-audience.ts'
import { listNames } from '../../../lib/list-names.ts'
import { printable } from '../../../lib/printable.ts'
import { type AzureFinding, missing, note, unknown } from './finding.ts'
import type { AzureCredential } from './read-azure.ts'

interface WantedCredentials {
  /** `NAMESPACE/NAME` */
  readonly accounts: readonly string[]
  readonly issuers: readonly string[]
}

/**
 * Compares the federated credentials of an identity with those that the accounts need. Entra compares all three values
 * literally, so a credential that differs in case or in a trailing slash counts as missing.
 */
export function compareCredentials(
  { accounts, issuers }: WantedCredentials,
  existing: readonly AzureCredential[],
): readonly AzureFinding[] {
  const wanted = accounts.flatMap((account) =>
    issuers.map((issuer) => ({ issuer, subject: subjectOf(account) })),
  )
  const isWanted = ({ issuer, subject }: AzureCredential) =>
    wanted.some((identity) => identity.issuer === issuer && identity.subject === subject)
  const absent = wanted.filter(
    ({ issuer, subject }) =>
      !existing.some(
        (credential) =>
          credential.issuer === issuer &&
          credential.subject === subject &&
          credential.audiences?.includes(tokenAudience) === true,
      ),
  )
  const others = existing.filter((credential) => !isWanted(credential))
  const flexible = others.filter(({ subject }) => typeof subject !== 'string')
  return [
    ...absent.map((credential) =>
      missing(
        `no federated credential for ${credential.subject} of ${credential.issuer}${nearMiss(credential, existing)}`,
      ),
    ),
    ...(flexible.length > 0
      ? [unknown(`flexible federated credentials can’t be evaluated: ${namesOf(flexible)}`)]
      : []),
    ...(others.length > flexible.length
      ? [
          note(
            `these federated credentials are for something else: ${namesOf(others.filter((credential) => !flexible.includes(credential)))}`,
          ),
        ]
      : []),
  ]
}

const subjectOf = (account: string): string => `system:serviceaccount:${account.replace('/', ':')}`

const namesOf = (some: readonly AzureCredential[]): string =>
  listNames(
    some.map(
      ({ name, subject }) => `${printable(name)} (${printable(subject ?? 'a pattern', 160)})`,
    ),
  )

/** Finds a credential that differs only in case or in a trailing slash, because people overlook that. */
function nearMiss(
  wanted: { readonly issuer: string; readonly subject: string },
  existing: readonly AzureCredential[],
): string {
  const rough = (text: string | null | undefined) => text?.toLowerCase().replace(/\/$/, '')
  const near = existing.find(
    ({ issuer, subject }) =>
      rough(issuer) === rough(wanted.issuer) && rough(subject) === rough(wanted.subject),
  )
  if (near === undefined) return ''
  const difference =
    near.issuer === wanted.issuer && near.subject === wanted.subject
      ? `lacks the audience ${tokenAudience}`
      : `has ${printable(near.subject ?? '', 160)} of ${printable(near.issuer, 200)}, which differs in case or in a slash at the end`
  return `; ${printable(near.name)} ${difference}`
}
