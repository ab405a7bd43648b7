import type { AgentConfig } from '../../delivery/contract.ts'
import { type Identity, resolveIdentity } from '../../delivery/session/identity.ts'

interface AccountSignIn {
  readonly identity: Identity
  readonly usesBinding: boolean
  /** A token may be used again only by a sign-in with the same name. */
  readonly name: string
}

/**
 * How an account signs in.
 *
 * @param azure - what its annotations for workload identity say
 * @throws AkvError AKV_IDENTITY_MISSING or AKV_CONFIG_INVALID
 */
export function accountSignIn(
  annotated: AgentConfig['identity'],
  { azure, usesBinding }: { readonly azure: Partial<Identity>; readonly usesBinding: boolean },
): AccountSignIn {
  const identity = resolveIdentity(annotated, {
    ...(azure.clientId !== undefined && { AZURE_CLIENT_ID: azure.clientId }),
    ...(azure.tenantId !== undefined && { AZURE_TENANT_ID: azure.tenantId }),
  })
  const name = `${identity.clientId} in ${identity.tenantId}${usesBinding ? ' by a binding' : ''}`
  return { identity, usesBinding, name }
}
