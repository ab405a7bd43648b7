import { neededPolicies, type VaultNeeds } from '../../../command/grants/vault-needs.ts'
import { listNames } from '../../../lib/list-names.ts'
import { printable } from '../../../lib/printable.ts'
import { type AzureFinding, missing, tooMuch } from './finding.ts'
import type { AccessPolicy } from './read-azure.ts'

/**
 * Compares the access policies of an identity and of its groups with the narrowest permissions for the objects that it
 * reads.
 *
 * @param policies - the policies that apply to the identity
 */
export function comparePolicies(
  { needs, principalId }: { readonly needs: VaultNeeds; readonly principalId: string },
  policies: readonly AccessPolicy[],
): readonly AzureFinding[] {
  const needed = neededPolicies(needs)
  const wanted = new Map<string, readonly string[]>(
    needed.map(({ collection, permissions }) => [collection, permissions]),
  )
  const absent = needed.flatMap(({ collection, permissions }) => {
    const held = policies.flatMap((policy) => permissionsOf(policy, collection))
    const lacking = held.includes('all') ? [] : permissions.filter((name) => !held.includes(name))
    return lacking.map((name) => `${collection} ${name}`)
  })
  return [
    ...(absent.length > 0 ? [missing(`access policy with ${listNames(absent)}`)] : []),
    ...policies.flatMap((policy) => {
      const extra = kinds.flatMap((kind) =>
        permissionsOf(policy, kind)
          .filter((permission) => wanted.get(kind)?.includes(permission) !== true)
          .map((permission) => `${kind} ${printable(permission)}`),
      )
      const whose =
        policy.objectId.toLowerCase() === principalId.toLowerCase()
          ? 'its access policy'
          : `the access policy of the group ${printable(policy.objectId)}`
      return extra.length > 0
        ? [tooMuch(`${whose}: reading what the files name doesn’t need ${listNames(extra)}`)]
        : []
    }),
  ]
}

const kinds = ['secrets', 'certificates', 'keys', 'storage'] as const

const permissionsOf = (
  { permissions }: AccessPolicy,
  kind: (typeof kinds)[number],
): readonly string[] => [...new Set((permissions[kind] ?? []).map((name) => name.toLowerCase()))]
