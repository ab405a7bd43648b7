import { type Identity, resolveIdentity } from '../../init-agent/session/identity.ts'
import type { Session } from '../../init-agent/session/session.ts'
import { type AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Account } from '../request/account.ts'
import type { SyncRequest } from '../request/account-request.ts'
import type { Access } from './account-state.ts'

/** The access of the last round, or a new one if the account now signs in with another identity. */
export function accessFor(
  { config, azure }: SyncRequest,
  options: {
    readonly account: Account
    readonly last: Access | undefined
    readonly openSession: (account: Account, identity: Identity) => Session
  },
): Access {
  const { account, last, openSession } = options
  const env = {
    ...(azure.clientId !== undefined && { AZURE_CLIENT_ID: azure.clientId }),
    ...(azure.tenantId !== undefined && { AZURE_TENANT_ID: azure.tenantId }),
  }
  try {
    const identity = resolveIdentity(config.identity, env)
    const name = `${identity.clientId} in ${identity.tenantId}`
    return last?.identity === name
      ? last
      : { identity: name, session: openSession(account, identity), values: undefined }
  } catch (thrown) {
    return { identity: '', session: failingSession(toAkvError(thrown)), values: undefined }
  }
}

/** A session for an account without an identity: every fetch fails and says why. */
function failingSession(error: AkvError): Session {
  const fail = () => Promise.reject(error)
  return {
    signIn: { principal: 'nobody', token: fail, forget: () => undefined },
    reader: { read: fail, listVersions: fail },
  }
}
