import { printable } from '../../../lib/printable.ts'
import type { Problem } from '../../../lib/problem.ts'
import type { Policy } from '../policy.ts'
import type { Annotations } from './own-annotations.ts'

/** What a reference without a vault means, and what the operator says to the vaults that are named. */
export interface VaultChoice {
  readonly defaultVault?: string
  vaultProblems(vaults: Iterable<string>): readonly Problem[]
}

/** Stands in for a vault whose name is wrong, so that this is reported once and not again for each entry. */
const anyVault = 'unreadable'

/** @param read - `vault`: the annotation's value, if it could be read */
export function chooseVaults(
  own: Annotations,
  read: {
    readonly vault: string | undefined
    readonly policy: Policy
    readonly namespace: string
  },
): VaultChoice {
  const { vault, policy, namespace } = read
  if (own['vault'] !== undefined && vault === undefined)
    return { defaultVault: anyVault, vaultProblems: () => [] }
  const defaultVault = vault ?? policy.defaultVault
  return {
    ...(defaultVault !== undefined && { defaultVault }),
    vaultProblems: (vaults) => forbiddenVaults(vaults, { policy, namespace }),
  }
}

function forbiddenVaults(
  vaults: Iterable<string>,
  { policy, namespace }: { readonly policy: Policy; readonly namespace: string },
): readonly Problem[] {
  if (policy.allowedVaults === undefined) return []
  const allowed = policy.allowedVaults.get(namespace) ?? policy.allowedVaults.get('*') ?? new Set()
  return [...new Set(vaults)]
    .filter((vault) => !allowed.has(vault))
    .map((vault) => ({
      subject: 'the vaults',
      found: vault,
      // No list: anybody on the network can send a review in the name of any namespace.
      sentence: `the operator does not let namespace "${printable(namespace)}" name this vault; use another one, or have it added to AKV_INJECTOR_ALLOWED_VAULTS`,
    }))
}
