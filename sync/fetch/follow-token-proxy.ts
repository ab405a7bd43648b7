import { connectTokenProxy, type Exchange } from '../../keyvault/clients/connection.ts'
import type { Clock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { TokenProxySettings } from '../../lib/identity-binding/token-proxy.ts'
import { watchTokenProxy } from '../../lib/identity-binding/watch-token-proxy.ts'
import type { Log } from '../../lib/log/log.ts'

/**
 * Keeps one connection pool to the token proxy of identity bindings, for all accounts.
 *
 * @param settings - absent: identity bindings are turned off, and no account asks for one
 * @returns a function that gives the pool, and throws an AkvError while the token proxy isn't known
 */
export function followTokenProxy(
  settings: TokenProxySettings | undefined,
  services: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): () => Exchange {
  let exchange: Exchange | undefined
  let reason = 'the API server has not been asked yet'
  if (settings)
    void watchTokenProxy({
      ...services,
      settings,
      onChange: (state) => {
        if (state.kind === 'unknown') reason = state.reason
        else exchange = connectTokenProxy(state.proxy)
      },
    })
  return () => {
    if (exchange) return exchange
    throw new AkvError(
      'AKV_BINDING_SERVER_NAME',
      `the account asks for an identity binding of AKS, which can't be used now: ${reason}`,
    )
  }
}
