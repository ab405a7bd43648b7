import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'

/** The key sets of the issuers that federated credentials name. */
export type KeysOf = (issuer: string) => Promise<JWTVerifyGetKey>

const timeoutMs = 5000

/** The issuer's discovery document or key set can't be fetched. */
export class IssuerUnreachable extends Error {}

/**
 * Finds the keys of an issuer as Entra does: through its OpenID discovery document, which must name the issuer
 * it was fetched from. Keeps the key sets that it found; tries again after a failure.
 */
export function createIssuerKeys(): KeysOf {
  const found = new Map<string, JWTVerifyGetKey>()
  return async (issuer) => {
    const known = found.get(issuer)
    if (known !== undefined) return known
    const keys = createRemoteJWKSet(await discoverKeySet(issuer), { timeoutDuration: timeoutMs })
    found.set(issuer, keys)
    return keys
  }
}

async function discoverKeySet(issuer: string): Promise<URL> {
  const at = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  try {
    const response = await fetch(at, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) throw new Error(`status ${response.status}`)
    const document: unknown = await response.json()
    const { issuer: named, jwks_uri: uri } = Object(document)
    if (named !== issuer) throw new Error('the discovery document names another issuer')
    return new URL(String(uri))
  } catch (cause) {
    throw new IssuerUnreachable(`no key set of ${issuer}`, { cause })
  }
}
