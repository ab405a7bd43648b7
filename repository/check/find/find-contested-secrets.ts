import { claimsOf } from '../../../requests/account/account-request.ts'
import { readAccount } from '../../../requests/account/read-account.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import type { FolderView } from '../../input/environments/folder-views.ts'
import type { AnnotatedManifest } from '../../input/objects/find-objects.ts'
import { describeSource } from '../../input/text/file-error.ts'
import type { Finding } from '../findings/finding.ts'

/**
 * Finds Secrets that several ServiceAccounts request. The account that creates a Secret owns it, and which account is
 * first depends on the cluster.
 *
 * @param all - the accounts of all environments
 * @param objects - of one environment
 * @returns @returns a problem for every account of the environment except the first
 */
export function findContestedSecrets(
  all: readonly AnnotatedManifest[],
  objects: FolderView['objects'],
  policy: Policy,
): ReadonlyMap<AnnotatedManifest, readonly Finding[]> {
  const documents = new Set(objects.map(({ manifest }) => manifest))
  const accounts = all.filter(({ manifest }) => documents.has(manifest))
  const owners = new Map<string, AnnotatedManifest>()
  const contested = new Map<AnnotatedManifest, readonly Finding[]>()
  for (const account of accounts) {
    const findings = claimsOf(readAccount(account, policy)).flatMap((name) => {
      const key = JSON.stringify([account.namespace, name])
      const owner = owners.get(key) ?? account
      owners.set(key, owner)
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
