import { type Identity, resolveIdentity } from '../../delivery/session/identity.ts'
import type { Session } from '../../delivery/session/session.ts'
import type { VaultToken } from '../../keyvault/entra/sign-in.ts'
import { type AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Account } from '../../requests/account/account.ts'
import type { SyncRequest } from '../../requests/account/account-request.ts'
import type { Access } from '../account/account-state.ts'
import type { AccountValues } from '../fetch/account-values.ts'

/** Opens a session in which an account reads its vaults. It uses the token for as long as that lasts. */
export type OpenSession = (
  account: Account,
  identity: Identity,
  token: VaultToken | undefined,
) => Session

/** What an account requests, and as whom it reads that. */
export interface Opened {
  readonly request: SyncRequest
  readonly access: Access
  readonly session: Session
  /** The values that the last round kept. */
  readonly before: AccountValues | undefined
}

/**
 * Opens a session for one round. Nothing of it is kept between rounds but the token, because there may be thousands of
 * accounts.
 *
 * @returns `access`: the one of the last round, or a new one if the account now signs in with another identity
 */
export function accessFor(
  request: SyncRequest,
  options: {
    readonly account: Account
    readonly last: Access | undefined
    readonly openSession: OpenSession
  },
): Opened {
  const { config, azure } = request
  const { account, last, openSession } = options
  const env = {
    ...(azure.clientId !== undefined && { AZURE_CLIENT_ID: azure.clientId }),
    ...(azure.tenantId !== undefined && { AZURE_TENANT_ID: azure.tenantId }),
  }
  try {
    const identity = resolveIdentity(config.identity, env)
    const name = `${identity.clientId} in ${identity.tenantId}`
    const access = last?.identity === name ? last : { ...noAccess, identity: name }
    const session = openSession(account, identity, access.token)
    return { request, access, session, before: access.values }
  } catch (thrown) {
    const session = failingSession(toAkvError(thrown))
    return { request, access: { ...noAccess }, session, before: undefined }
  }
}

const noAccess: Access = { identity: '', token: undefined, values: undefined }

/** A session for an account without an identity: every fetch fails and says why. */
function failingSession(error: AkvError): Session {
  const fail = () => Promise.reject(error)
  return {
    signIn: { principal: 'nobody', token: fail, forget: () => undefined },
    reader: { read: fail, listVersions: fail },
  }
}
