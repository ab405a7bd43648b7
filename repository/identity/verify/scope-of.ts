import { printable } from '../../../lib/printable.ts'

/** The scope of a role assignment, in relation to a vault. */
export type Scope =
  | { readonly kind: 'vault' | 'above' }
  /** `path`: below the vault, in lower case, such as `secrets/db`. */
  | { readonly kind: 'object'; readonly path: string }

/**
 * Compares a scope with a vault. Undefined if the assignment doesn't concern the vault. Azure ignores the case of
 * resource IDs.
 */
export function scopeOf(scope: string, vaultId: string): Scope | undefined {
  const [lower, vault] = [scope.toLowerCase().replace(/\/$/, ''), vaultId.toLowerCase()]
  if (lower === vault) return { kind: 'vault' }
  if (lower.startsWith(`${vault}/`)) return { kind: 'object', path: lower.slice(vault.length + 1) }
  // Azure lists an assignment at a management group only if the subscription is in it.
  const isAbove = lower.startsWith(managementGroups) || vault.startsWith(`${lower}/`)
  return isAbove ? { kind: 'above' } : undefined
}

const managementGroups = '/providers/microsoft.management/managementgroups/'

/** Names the scope of an assignment. */
export function scopeName(scope: string, { kind }: Scope): string {
  if (kind === 'vault') return 'the vault'
  if (kind === 'object') return printable(scope.split('/').slice(-2).join('/'), 160)
  return printable(scope, 200)
}

/** Returns the name of the vault that a scope is at or below. Undefined if it isn't in a vault. */
export const vaultOfScope = (scope: string): string | undefined =>
  /\/providers\/Microsoft\.KeyVault\/vaults\/([\w-]{3,24})(?:\/|$)/i.exec(scope)?.[1]
