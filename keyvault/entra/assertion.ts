import {
  bindingAudience,
  type TokenAudience,
  tokenAudience,
} from '../../lib/azure/token-audience.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { isName, labelName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import { isObject, type JsonObject, valueAt } from '../../lib/shape.ts'
import type { TokenTimes } from '../clients/server-time.ts'

/** What a service account token says about itself. Nobody has checked it. */
interface AssertionClaims {
  /** For a message: `issuer "…", subject "…", audience "…"`. */
  readonly description: string
  readonly issuer: string | undefined
}

/**
 * Reads the claims of a service account token. It doesn't check the signature; Entra does.
 *
 * @param expected - the audience of whoever exchanges it
 * @throws AkvError AKV_TOKEN_FILE if it isn't a JWT, AKV_TOKEN_AUDIENCE if it is for the other one that exchanges tokens
 */
export function describeAssertion(token: string, expected: TokenAudience): AssertionClaims {
  const claims = payload(token)
  const audience = [claims['aud']].flat()
  const other = expected === tokenAudience ? bindingAudience : tokenAudience
  if (audience.includes(other) && !audience.includes(expected))
    throw new AkvError(
      'AKV_TOKEN_AUDIENCE',
      `the token's audience is ${other}, but ${exchangedBy[expected]} accepts only ${expected}`,
    )
  const { iss, sub } = claims
  return {
    description: `issuer ${quoted(iss)}, subject ${quoted(sub)}, audience ${audience.slice(0, 5).map(quoted).join(' ')}`,
    issuer: typeof iss === 'string' ? printable(iss, maxIssuerLength) : undefined,
  }
}

/** Azure's limit for the issuer of a federated credential. */
const maxIssuerLength = 600

const exchangedBy: Readonly<Record<TokenAudience, string>> = {
  [tokenAudience]: 'Entra',
  [bindingAudience]: "the cluster's token proxy, which exchanges it by an identity binding,",
}

/** When such a token is valid, as far as it says so. */
export function assertionTimes(token: string): TokenTimes {
  const { iat, exp } = payload(token)
  return {
    ...(isTime(iat) && { issuedAtMs: iat * 1000 }),
    ...(isTime(exp) && { expiresAtMs: exp * 1000 }),
  }
}

/**
 * The pod that the token is bound to, as `NAMESPACE/POD`. Undefined if the token names none, or if a name has another form than
 * Kubernetes accepts, because it becomes a part of an HTTP header.
 *
 * @throws AkvError AKV_TOKEN_FILE if it isn't a JWT
 */
export function podInAssertion(token: string): string | undefined {
  const bound = payload(token)['kubernetes.io']
  const namespace = valueAt(bound, 'namespace')
  const pod = valueAt(bound, 'pod', 'name')
  return isNameOf(namespace, labelName) && isNameOf(pod, subdomainName)
    ? `${namespace}/${pod}`
    : undefined
}

const isNameOf = (claim: unknown, rule: typeof labelName): claim is string =>
  typeof claim === 'string' && isName(claim, rule)

/** Seconds since 1970, until the year 2286. */
const isTime = (claim: unknown): claim is number =>
  typeof claim === 'number' && claim > 0 && claim < 1e10

function payload(token: string): JsonObject {
  const parts = token.split('.')
  try {
    const value: unknown = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString())
    if (parts.length === 3 && isObject(value)) return value
  } catch {
    // Handled below, like a token without the claims.
  }
  throw new AkvError('AKV_TOKEN_FILE', 'the token file does not contain a JWT')
}

const quoted = (claim: unknown): string =>
  typeof claim === 'string' ? `"${printable(claim, 200)}"` : 'none'
