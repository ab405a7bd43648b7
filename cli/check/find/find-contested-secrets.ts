import { readAccount } from '../../../requests/account/read-account.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import type { AnnotatedManifest } from '../../input/find-objects.ts'
import { describeSource } from '../../input/text/file-error.ts'
import type { Finding } from '../findings/finding.ts'

/**
 * Finds Secrets that several ServiceAccounts request. A Secret belongs to the account that creates it, and which one that is
 * depends on their order in the cluster.
 *
 * @returns a problem for each account but the first
 */
export function findContestedSecrets(
  accounts: readonly AnnotatedManifest[],
  policy: Policy,
): ReadonlyMap<AnnotatedManifest, readonly Finding[]> {
  const owners = new Map<string, AnnotatedManifest>()
  const contested = new Map<AnnotatedManifest, readonly Finding[]>()
  for (const account of accounts) {
    const request = readAccount(account, policy)
    const secrets = request.kind === 'wanted' ? request.secrets : []
    const findings = secrets.flatMap(({ name }) => {
      const key = JSON.stringify([account.namespace, name])
      const owner = owners.get(key) ?? account
      owners.set(key, owner)
      // With kubectl apply, a later document of the same name replaces the earlier one.
      return owner.name === account.name ? [] : [contestedBy(owner, name)]
    })
    contested.set(account, findings)
  }
  return contested
}

const contestedBy = ({ title, manifest }: AnnotatedManifest, secret: string): Finding => ({
  severity: 'problem',
  code: 'AKV_SECRET_FOREIGN',
  message: `Secret ${secret}: ${title} (${describeSource(manifest.source)}) requests it too, and a Secret belongs to one account; rename one`,
})
