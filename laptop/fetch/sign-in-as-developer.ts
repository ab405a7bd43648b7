import { AzureCliCredential } from '@azure/identity'
import type { AgentConfig } from '../../delivery/contract.ts'
import type { SignIn } from '../../keyvault/entra/sign-in.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import { reasonOf } from '../../lib/reason-of.ts'

/** Signs in as the developer who has run `az login`, for the administrator's audience and the pod's tenant. */
export function signInAsDeveloper({ cloud, identity }: AgentConfig): SignIn {
  const tenantId = identity.tenantId ?? process.env['AZURE_TENANT_ID'] ?? identity.defaultTenantId
  const credential = new AzureCliCredential(tenantId === undefined ? {} : { tenantId })
  let token: Promise<string> | undefined
  return {
    principal: 'the account of az login',
    token() {
      token ??= credential.getToken(`${cloud.audience}/.default`).then(
        ({ token }) => token,
        (error: unknown) => Promise.reject(notSignedIn(error)),
      )
      return token
    },
    forget() {
      token = undefined
    },
  }
}

function notSignedIn(error: unknown): AkvError {
  const reason = printable(reasonOf(error), 300)
  return new AkvError(
    'AKV_IDENTITY_MISSING',
    `there is no federated token file, and az returned no token (${reason}); pass --federated-token-file, or run az login`,
  )
}
