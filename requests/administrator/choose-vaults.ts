import { printable } from '../../lib/printable.ts'
import type { Problem } from '../../lib/problems/problem.ts'
import { type Annotations, annotationPrefix } from '../annotations/keys/own-annotations.ts'
import type { Policy } from './policy.ts'

/** The vault of references that name none, and a check of all vaults against the administrator's list. */
interface VaultChoice {
  readonly defaultVault?: string
  vaultProblems(vaults: Iterable<string>): readonly Problem[]
}

/** Part of the message about an object without a vault. */
export const howToSetDefault = `set the annotation ${annotationPrefix}vault`

/**
 * Replaces the name of a vault that is missing or isn't valid, so that the other problems are reported, too. No vault can have this
 * name.
 */
export const anyVault = '-'

/**
 * Chooses the vault of references that name none: the annotation's, else the administrator's default.
 *
 * @param read - `vault`: the annotation's value, if it is valid
 */
export function chooseVaults(
  annotations: Annotations,
  read: {
    readonly vault: string | undefined
    readonly policy: Policy
    readonly namespace: string
  },
): VaultChoice {
  const { vault, policy, namespace } = read
  const vaultProblems = (vaults: Iterable<string>) =>
    forbiddenVaults(
      [...vaults].filter((vault) => vault !== anyVault),
      { policy, namespace },
    )
  if (annotations['vault'] !== undefined && vault === undefined)
    return { defaultVault: anyVault, vaultProblems }
  const defaultVault = vault ?? policy.defaultVault
  return {
    ...(defaultVault !== undefined && { defaultVault }),
    vaultProblems,
  }
}

/** The vaults that the administrator doesn't allow in the namespace. */
export function forbiddenVaults(
  vaults: Iterable<string>,
  { policy, namespace }: { readonly policy: Policy; readonly namespace: string },
): readonly Problem[] {
  if (policy.allowedVaults === undefined) return []
  const allowed = policy.allowedVaults.get(namespace) ?? policy.allowedVaults.get('*') ?? new Set()
  return [...new Set(vaults)]
    .filter((vault) => !allowed.has(vault))
    .map((vault) => ({
      path: [],
      subject: 'the vaults',
      found: vault,
      // The allowed vaults aren't listed: anybody on the network can send a review for any namespace.
      sentence: `the administrator does not allow namespace "${printable(namespace)}" to use this vault; use another one, or ask the administrator to add it to AKV_INJECTOR_ALLOWED_VAULTS`,
    }))
}
