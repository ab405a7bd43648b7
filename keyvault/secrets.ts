import type { Agent } from 'node:https'
import { SecretClient } from '@azure/keyvault-secrets'
import { vaultError } from './classify.ts'
import { AkvError } from './errors.ts'
import { describeObject, isObjectVersion, type ObjectReference, vaultUrl } from './reference.ts'
import { RequestFailure, requestGuard } from './request-guard.ts'

export interface FetchedSecret {
  readonly value: string
  /** The version answered with, for people; absent where the answer names none. */
  readonly version?: string
}

/** Gets one secret in one try. Throws an AkvError. */
export type ReadSecret = (
  reference: ObjectReference,
  signal?: AbortSignal,
) => Promise<FetchedSecret>

export interface SecretReaderOptions {
  /** The operator's template, with `{vault}`. */
  readonly vaultUrl: string
  readonly agent: Agent
  readonly token: () => Promise<string>
  /** Whose token that is, for messages. */
  readonly clientId: string
}

/** Reads secrets from any vault, with one client for each. */
export function createSecretReader(options: SecretReaderOptions): ReadSecret {
  const clients = new Map<string, SecretClient>()
  return async (reference, signal) => {
    const { vault } = reference
    const client = clients.get(vault) ?? createClient(vault, options)
    clients.set(vault, client)
    try {
      return await getSecret(client, reference, signal)
    } catch (error) {
      if (error instanceof AkvError || signal?.aborted) throw error
      const object = describeObject(reference)
      const { clientId } = options
      if (error instanceof RequestFailure)
        throw vaultError(error.failure, { object, vault, clientId })
      // The SDK could not read the answer, or it held no value. Its own message may quote the answer.
      throw new AkvError({
        code: 'AKV_BAD_ANSWER',
        message: `${object}: vault ${vault} answered without a value that is text`,
      })
    }
  }
}

function createClient(vault: string, options: SecretReaderOptions): SecretClient {
  const { vaultUrl: template, agent, token } = options
  const base = vaultUrl(template, vault)
  return new SecretClient(base, noCredential, {
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    agent,
    additionalPolicies: [requestGuard({ base, token })],
  })
}

async function getSecret(
  client: SecretClient,
  { name, version }: ObjectReference,
  signal: AbortSignal | undefined,
): Promise<FetchedSecret> {
  const answer = await client.getSecret(name, {
    ...(version === undefined ? {} : { version }),
    ...(signal === undefined ? {} : { abortSignal: signal }),
  })
  const value: unknown = answer.value
  // A lone surrogate has no UTF-8: writing it would silently write something else.
  if (typeof value !== 'string' || !value.isWellFormed()) throw new TypeError('no text')
  const found = answer.properties.version
  return { value, ...(found && isObjectVersion(found) ? { version: found.toLowerCase() } : {}) }
}

/** The guard sends the token; the SDK's own challenge handling never comes to ask for one. */
const noCredential = {
  getToken: () =>
    Promise.reject(new Error('a challenge reached the SDK, which the guard prevents')),
}
