import { AkvError, type AkvErrorCode } from '../../lib/errors/akv-error.ts'
import type { FailedRequest } from '../clients/request-guard.ts'

/** How messages name the token proxy. */
export const describeTokenProxy = (url: string): string => `the API server's token proxy at ${url}`

/**
 * The error for an answer of the token proxy itself. What Entra answers, the proxy passes on. These statuses are assumed: AKS
 * documents none.
 *
 * @param sent - `clientId` of the sign-in; `claims`: of the token that was sent, for the message; `issuer`: that of the
 *   token, for the error
 */
export function tokenProxyError(
  { status, retryAfterMs }: Extract<FailedRequest, { readonly kind: 'status' }>,
  sent: {
    readonly tokenProxy: string
    readonly clientId: string
    readonly claims: string
    readonly issuer?: string | undefined
  },
): AkvError {
  const { code, sentence } = meaningOf(status, sent)
  const message = `client ${sent.clientId}: ${sentence} (HTTP ${status} of ${describeTokenProxy(sent.tokenProxy)})`
  return new AkvError(code, message, { retryAfterMs, issuer: sent.issuer })
}

function meaningOf(
  status: number,
  { clientId, claims }: { readonly clientId: string; readonly claims: string },
): { readonly code: AkvErrorCode; readonly sentence: string } {
  if (status === 403)
    return {
      code: 'AKV_BINDING_FORBIDDEN',
      sentence: `the account may not use this identity; the token has ${claims}, and needs a ClusterRole with apiGroups [cid.wi.aks.azure.com], resources [${clientId}] and verbs [use-managed-identity]`,
    }
  if (status === 404)
    return {
      code: 'AKV_BINDING_NOT_FOUND',
      sentence: 'the cluster has no identity binding for this identity',
    }
  if (status === 408 || status === 429 || status >= 500)
    return { code: 'AKV_ENTRA_UNAVAILABLE', sentence: 'the token proxy is overloaded or failing' }
  if (status >= 300 && status < 400)
    return {
      code: 'AKV_REDIRECTED',
      sentence: 'the token proxy answered with a redirect, which is not followed',
    }
  return {
    code: 'AKV_BINDING_REFUSED',
    sentence: `the token proxy refused the token, which has ${claims}`,
  }
}

/** What a certificate that isn't trusted means: the name is the one of another cluster, or the authority isn't the cluster's. */
export const tokenProxyCertificateCode = (code: string): AkvErrorCode =>
  code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? 'AKV_BINDING_SERVER_NAME' : 'AKV_BINDING_CA'
