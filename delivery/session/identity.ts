import { AkvError } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import { isUuid } from '../../lib/values/parse-uuid.ts'
import type { AgentConfig } from '../contract.ts'

/**
 * AKS sets these on pods that use identity bindings: https://learn.microsoft.com/azure/aks/identity-bindings-concepts. They
 * are never read: whoever could set them would receive the token.
 */
const bindingVariables = [
  'AZURE_KUBERNETES_TOKEN_PROXY',
  'AZURE_KUBERNETES_SNI_NAME',
  'AZURE_KUBERNETES_CA_FILE',
  'AZURE_KUBERNETES_CA_DATA',
]

/** The names of the variables of identity bindings that are set. */
export const bindingVariablesIn = (env: Readonly<NodeJS.ProcessEnv>): readonly string[] =>
  bindingVariables.filter((name) => env[name] !== undefined)

export interface Identity {
  readonly clientId: string
  readonly tenantId: string
}

/**
 * The identity to sign in with. The pod's annotations win over the environment variables that the
 * azure-workload-identity webhook sets, and these over the administrator's defaults.
 *
 * @throws AkvError AKV_IDENTITY_MISSING or AKV_CONFIG_INVALID
 */
export function resolveIdentity(
  annotated: AgentConfig['identity'],
  env: Readonly<NodeJS.ProcessEnv>,
): Identity {
  const clientId = annotated.clientId || env['AZURE_CLIENT_ID'] || annotated.defaultClientId
  const tenantId = annotated.tenantId || env['AZURE_TENANT_ID'] || annotated.defaultTenantId
  if (!clientId || !tenantId)
    throw new AkvError(
      'AKV_IDENTITY_MISSING',
      `no ${[clientId ? [] : 'client ID', tenantId ? [] : 'tenant ID'].flat().join(' and no ')} is configured`,
    )
  return { clientId: checked('client ID', clientId), tenantId: checked('tenant ID', tenantId) }
}

/** Both IDs become part of a URL. */
function checked(what: string, id: string): string {
  if (isUuid(id)) return id.toLowerCase()
  throw new AkvError('AKV_CONFIG_INVALID', `the ${what} "${printable(id)}" is not a valid UUID`)
}
