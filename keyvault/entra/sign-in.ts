import type { Agent } from 'node:https'
import { ClientAssertionCredential } from '@azure/identity'
import { bindingAudience, tokenAudience } from '../../lib/azure/token-audience.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import {
  type FailedRequest,
  type GuardOptions,
  RequestFailure,
  requestGuard,
} from '../clients/request-guard.ts'
import type { ServerTime } from '../clients/server-time.ts'
import { type Sender, userAgentOptions } from '../clients/user-agent.ts'
import { signInError } from '../errors/classify.ts'
import { describeTokenProxy } from '../errors/token-proxy-error.ts'
import { assertionTimes, describeAssertion } from './assertion.ts'

/** A token is replaced this long before it expires, so that a short outage of Entra does no harm. */
const renewBeforeMs = 5 * 60 * 1000

/** A token that expires this soon may expire during a request. */
const unusableBeforeMs = 10 * 1000

export interface SignIn {
  /** Who signs in, for messages: `client 2222…`. */
  readonly principal: string
  /** The token for the vaults. Asks Entra only if the current token is about to expire. Throws an AkvError. */
  token(): Promise<string>
  /** Drops a token that a vault refused. The next {@link SignIn.token} requests a new one from Entra. */
  forget(): void
  /** The current token, to be handed to another sign-in of the same identity. */
  held?(): VaultToken | undefined
}

export interface SignInOptions extends Sender {
  /** The administrator's authority, such as `https://login.microsoftonline.com`. */
  readonly authorityHost: string
  /** The only resource that tokens are requested for, such as `https://vault.azure.net`. */
  readonly audience: string
  readonly clientId: string
  readonly tenantId: string
  /** Reads the service account token. It is read for each exchange, because the kubelet replaces the token file. */
  readonly readAssertion: () => string | Promise<string>
  /** The pool of connections to the authority, or to the token proxy. */
  readonly agent: Agent
  /** The URL of the token proxy that the requests go to in place of the authority. */
  readonly tokenProxy?: string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Absent: messages don't say that our clock is wrong. */
  readonly serverTime?: ServerTime | undefined
  /** A token that an earlier sign-in of the same identity got. It is used for as long as it lasts. */
  readonly heldToken?: VaultToken | undefined
  /** As {@link GuardOptions.onAnswer}. */
  readonly onAnswer?: GuardOptions['onAnswer']
}

export interface VaultToken {
  readonly value: string
  readonly expiresAtMs: number
}

/**
 * Exchanges a service account token for a token for the vaults. Only the options decide where and for what: nothing that
 * a vault sends, and no environment variable, can change it.
 */
export function createSignIn(options: SignInOptions): SignIn {
  let current = options.heldToken
  let pending: Promise<VaultToken> | undefined

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
      if (!current) throw new AkvError('AKV_INTERNAL', 'no token after a sign-in')
      return current.value
    },
    forget() {
      current = undefined
    },
    held: () => current,
  }
}

/**
 * Creates a credential for each exchange. Otherwise MSAL would repeat a 429 or 5xx from its own cache for a minute
 * instead of trying again, and would cache tokens as well.
 */
async function exchange(options: SignInOptions): Promise<VaultToken> {
  const { authorityHost, audience, clientId, tenantId, agent, serverTime, tokenProxy } = options
  const assertion = await options.readAssertion()
  const { description: claims, issuer } = describeAssertion(
    assertion,
    tokenProxy === undefined ? tokenAudience : bindingAudience,
  )
  // MSAL wraps errors of its network layer so that they can't be recognised. The guard therefore records the first
  // failure.
  let failure: FailedRequest | undefined
  const credential = new ClientAssertionCredential(tenantId, clientId, async () => assertion, {
    authorityHost,
    // Entra's list of known clouds contains no private clouds. The administrator has named the authority, so MSAL needn't
    // verify it.
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    agent,
    userAgentOptions: userAgentOptions(options),
    additionalPolicies: [
      requestGuard({
        base: authorityHost,
        sendTo: tokenProxy,
        serverTime,
        onAnswer: options.onAnswer,
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
    const times = serverTime && { ...serverTime.times(), token: assertionTimes(assertion) }
    if (failure) {
      const { hostname } = new URL(authorityHost)
      throw signInError(failure, {
        clientId,
        tenantId,
        claims,
        issuer,
        times,
        hostname,
        tokenProxy,
      })
    }
    throw new AkvError(
      'AKV_BAD_ANSWER',
      `client ${clientId} in tenant ${tenantId}: the answer of ${tokenProxy === undefined ? 'Entra' : describeTokenProxy(tokenProxy)} does not contain a token`,
    )
  }
}
