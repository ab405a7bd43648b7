import type { Agent } from 'node:https'
import { ClientAssertionCredential } from '@azure/identity'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { signInError } from '../classify.ts'
import { type Failure, RequestFailure, requestGuard } from '../clients/request-guard.ts'
import { describeAssertion } from './assertion.ts'

/** A token is replaced this long before it ends, so that a failing Entra doesn't matter at once. */
const renewBeforeMs = 5 * 60 * 1000

/** A token this close to its end may not outlast a request. */
const unusableBeforeMs = 10 * 1000

export interface SignIn {
  /** Whose token it is, for messages: `client 2222…`. */
  readonly principal: string
  /** The token for the vaults. Asks Entra only if the current token is about to expire. Throws an AkvError. */
  token(): Promise<string>
  /** Drops the token, as a vault refused it: the next {@link SignIn.token} asks Entra. */
  forget(): void
}

export interface SignInOptions {
  /** The operator's, as `https://login.microsoftonline.com`. */
  readonly authorityHost: string
  /** The one thing a token is ever asked for, as `https://vault.azure.net`. */
  readonly audience: string
  readonly clientId: string
  readonly tenantId: string
  /** The service account token; asked for each time, as a token file is replaced by the kubelet. */
  readonly readAssertion: () => string | Promise<string>
  readonly agent: Agent
  readonly now: () => number
}

interface Token {
  readonly value: string
  readonly expiresAtMs: number
}

/** Exchanges the pod's token for one to the vaults. No vault, annotation or environment has a say in where or for what. */
export function createSignIn(options: SignInOptions): SignIn {
  let current: Token | undefined
  let pending: Promise<Token> | undefined

  const lasts = (ms: number) => current !== undefined && current.expiresAtMs - options.now() > ms
  const renew = () => {
    pending ??= exchange(options).finally(() => {
      pending = undefined
    })
    return pending
  }
  return {
    principal: `client ${options.clientId}`,
    async token() {
      if (current && lasts(renewBeforeMs)) return current.value
      try {
        current = await renew()
      } catch (error) {
        if (!lasts(unusableBeforeMs)) throw error
      }
      if (!current)
        throw new AkvError({ code: 'AKV_INTERNAL', message: 'no token after a sign-in' })
      return current.value
    },
    forget() {
      current = undefined
    },
  }
}

/**
 * A credential is made for each exchange: MSAL would otherwise answer the next try after a 429 or a 5xx with the old
 * failure out of its own memory for a minute, and keep tokens beside ours.
 */
async function exchange(options: SignInOptions): Promise<Token> {
  const { authorityHost, audience, clientId, tenantId, agent } = options
  const assertion = await options.readAssertion()
  const claims = describeAssertion(assertion)
  // MSAL wraps what its network layer throws beyond recognition: the first failure is kept on the way.
  let failure: Failure | undefined
  const credential = new ClientAssertionCredential(tenantId, clientId, async () => assertion, {
    authorityHost,
    // Entra's list of known clouds knows no private one; the operator has named the authority.
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    agent,
    additionalPolicies: [
      requestGuard({
        base: authorityHost,
        onFailure: (found) => {
          failure ??= found
        },
      }),
    ],
  })
  try {
    const token = await credential.getToken(`${audience}/.default`)
    return { value: token.token, expiresAtMs: token.expiresOnTimestamp }
  } catch (error) {
    if (error instanceof RequestFailure) failure ??= error.failure
    if (failure) throw signInError(failure, { clientId, tenantId, claims })
    throw new AkvError({
      code: 'AKV_BAD_ANSWER',
      message: `client ${clientId} in tenant ${tenantId}: the answer for Entra does not contain a token`,
    })
  }
}
