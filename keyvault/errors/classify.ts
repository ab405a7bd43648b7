import { isIP } from 'node:net'
import { AkvError, type AkvErrorCode } from '../../lib/errors/akv-error.ts'
import { valueAt, withoutAbsent } from '../../lib/shape.ts'
import type { FailedRequest } from '../clients/request-guard.ts'
import type { KnownTimes } from '../clients/server-time.ts'
import { entraIds, vaultIds } from './azure-ids.ts'
import { expiredTokenError } from './clock-error.ts'
import { connectionError } from './connection-error.ts'
import { entraCodes } from './entra-codes.ts'
import {
  describeTokenProxy,
  tokenProxyCertificateCode,
  tokenProxyError,
} from './token-proxy-error.ts'

/**
 * Maps the answer of a service to a code of the error table, which says whether to retry. A body is searched only for
 * codes that we know, for IDs of a fixed form, and for an IP address. It is never repeated, because a hostile host could put a token or a value into it.
 */

/** Inner codes of a vault's 403. Any other 403 may go away by itself, because new roles take minutes to apply. */
const forbiddenCodes: ReadonlyMap<string, AkvErrorCode> = new Map([
  ['SecretDisabled', 'AKV_OBJECT_DISABLED'],
  ['KeyDisabled', 'AKV_OBJECT_DISABLED'],
  ['CertificateDisabled', 'AKV_OBJECT_DISABLED'],
  ['ForbiddenByFirewall', 'AKV_FIREWALL'],
  ['ForbiddenByConnection', 'AKV_PUBLIC_ACCESS_DISABLED'],
])

/**
 * @param failure - what the vault answered, or why it didn't
 * @param request - `object`: as a message names it (`secret team-a:db`); `vault`: its name; `hostname`: the
 *   one that DNS is asked for; `principal`: who asked, such
 *   as `client 2222…`; `resolvedTo`: the addresses of the vault's name, if the answer {@link dependsOnAddress};
 *   `times`: to find out whether our clock is wrong
 */
export function vaultError(
  failure: FailedRequest,
  request: {
    readonly object: string
    readonly vault: string
    readonly hostname?: string | undefined
    readonly principal: string
    readonly resolvedTo?: readonly string[] | undefined
    readonly times?: KnownTimes | undefined
    /** Whether all secrets of the vault were to be listed. */
    readonly isList?: true
  },
): AkvError {
  const host = `vault ${request.vault}`
  const { hostname, times } = request
  if (failure.kind !== 'status') return connectionError(failure, { host, hostname, times })
  const { status, retryAfterMs } = failure
  const { code, innerCode } = vaultCodes(failure.body)
  const saying = innerCode ?? code
  const details = saying === undefined ? `HTTP ${status}` : `HTTP ${status}, ${saying}`
  const error = (code: AkvErrorCode, what: string) =>
    new AkvError(code, `${request.object}: ${what} (${details})`, {
      retryAfterMs,
      azureIds: vaultIds(failure),
    })

  if (status === 404)
    return code === undefined
      ? error('AKV_BAD_ANSWER', `the "not found" for ${host} did not come from Key Vault`)
      : error('AKV_OBJECT_NOT_FOUND', `${host} has no such object or version`)
  if (status === 403) {
    const known = forbiddenCode(innerCode)
    if (known === 'AKV_OBJECT_DISABLED') return error(known, 'it is disabled')
    if (known === 'AKV_FIREWALL') return error(known, firewallSentence(host, failure.body))
    if (known === 'AKV_PUBLIC_ACCESS_DISABLED')
      return error(known, publicAccessSentence(host, request.resolvedTo))
    return error(
      'AKV_FORBIDDEN',
      request.isList
        ? `${request.principal} may not list the secrets of ${host}, which find needs; a role on the whole vault allows it, such as Key Vault Secrets User, or "list" in an access policy`
        : `${request.principal} may not read it in ${host}`,
    )
  }
  if (status === 401) return error('AKV_UNAUTHORIZED', `${host} rejected the token`)
  if (status === 429) return error('AKV_THROTTLED', `${host} is throttling`)
  if (status === 408 || status >= 500) return error('AKV_VAULT_UNAVAILABLE', `${host} is failing`)
  if (status >= 300 && status < 400)
    return error('AKV_REDIRECTED', `${host} answered with a redirect, which is not followed`)
  if (status === 400)
    return error('AKV_BAD_REQUEST', `${host} did not accept the form of the request`)
  return error('AKV_BAD_ANSWER', `the answer for ${host} did not come from Key Vault`)
}

const forbiddenCode = (innerCode: string | undefined): AkvErrorCode | undefined =>
  innerCode === undefined ? undefined : forbiddenCodes.get(innerCode)

/** Whether the answer can be explained only with the addresses that the vault's name resolves to. */
export const dependsOnAddress = (failure: FailedRequest): boolean =>
  failure.kind === 'status' &&
  failure.status === 403 &&
  forbiddenCode(vaultCodes(failure.body).innerCode) === 'AKV_PUBLIC_ACCESS_DISABLED'

function firewallSentence(host: string, body: string): string {
  const message = valueAt(parse(body), 'error', 'message')
  const [, address = ''] =
    typeof message === 'string'
      ? (/\bClient address: ([\da-fA-F:.]{2,45})/.exec(message) ?? [])
      : []
  return isIP(address) > 0
    ? `the firewall of ${host} refused the request, which came from ${address}`
    : `the firewall of ${host} refused the request`
}

function publicAccessSentence(host: string, resolvedTo: readonly string[] = []): string {
  const sentence = `${host} has public network access disabled, and the request did not come through a private endpoint`
  return resolvedTo.length === 0
    ? sentence
    : `${sentence}; the vault's name resolves to ${resolvedTo.join(', ')} here`
}

/**
 * @param failure - what Entra or the token proxy answered, or why it didn't
 * @param sent - `clientId` and `tenantId` of the sign-in; `claims`: issuer, subject and audience of the token, for a
 *   message; `issuer`: that of the token, for the error; `times`: also those of the token;
 *   `hostname`: Entra's; `tokenProxy`: its URL, if the request went there
 */
export function signInError(
  failure: FailedRequest,
  sent: {
    readonly clientId: string
    readonly tenantId: string
    readonly claims: string
    readonly issuer?: string | undefined
    readonly times?: KnownTimes | undefined
    readonly hostname?: string | undefined
    readonly tokenProxy?: string | undefined
  },
): AkvError {
  const { issuer, times, tokenProxy } = sent
  if (failure.kind !== 'status')
    return tokenProxy === undefined
      ? connectionError(failure, { host: 'Entra', hostname: sent.hostname, times })
      : connectionError(failure, {
          host: describeTokenProxy(tokenProxy),
          times,
          certificateCode: tokenProxyCertificateCode,
        })
  const { status, retryAfterMs } = failure
  const number = aadstsNumber(failure.body)
  if (tokenProxy !== undefined && number === undefined)
    return tokenProxyError(failure, { ...sent, tokenProxy })
  const details = number === undefined ? `HTTP ${status}` : `AADSTS${number}`
  const known = number === undefined ? undefined : entraCodes.get(number)
  const code = known?.code ?? entraStatus(status)
  const sentence = entraSentence(code, sent.claims)
  const expired =
    code === 'AKV_ASSERTION_EXPIRED' && times !== undefined ? expiredTokenError(times) : undefined
  const reason = known?.reason === undefined ? '' : `: ${known.reason}`
  return new AkvError(
    expired?.code ?? code,
    `client ${sent.clientId} in tenant ${sent.tenantId}: ${sentence}${expired?.sentence ?? ''}${reason} (${details})`,
    { retryAfterMs, issuer, azureIds: entraIds(parse(failure.body)) },
  )
}

function entraStatus(status: number): AkvErrorCode {
  if (status === 408 || status === 429 || status >= 500) return 'AKV_ENTRA_UNAVAILABLE'
  return status >= 300 && status < 400 ? 'AKV_REDIRECTED' : 'AKV_ENTRA_REFUSED'
}

function entraSentence(code: AkvErrorCode, claims: string): string {
  switch (code) {
    case 'AKV_FEDERATION_MISMATCH':
      return `no federated credential of this client matches the token that was sent, which has ${claims}`
    case 'AKV_ISSUER_KEYS':
      return `Entra could not verify the token that was sent, which has ${claims}`
    case 'AKV_APP_NOT_FOUND':
      return 'Entra does not know this client in this tenant'
    case 'AKV_ASSERTION_EXPIRED':
      return `Entra finds the token expired or not valid yet; it has ${claims}`
    case 'AKV_TENANT_NOT_FOUND':
      return 'Entra does not know this tenant'
    case 'AKV_ENTRA_UNAVAILABLE':
      return 'Entra is overloaded or failing'
    case 'AKV_REDIRECTED':
      return 'Entra answered with a redirect, which is not followed'
    default:
      return 'Entra refused the sign-in'
  }
}

/** Key Vault's `{"error":{"code","message","innererror":{"code"}}}`: only the codes, and only if they are words. */
function vaultCodes(body: string): { code?: string; innerCode?: string } {
  const answer = parse(body)
  return withoutAbsent({
    code: word(valueAt(answer, 'error', 'code')),
    innerCode: word(valueAt(answer, 'error', 'innererror', 'code')),
  })
}

/**
 * Reads Entra's number from `error_codes`, or from the description if a proxy or an older endpoint leaves the codes
 * out.
 */
function aadstsNumber(body: string): number | undefined {
  const answer = parse(body)
  const first = valueAt(answer, 'error_codes', 0)
  if (Number.isSafeInteger(first)) return Number(first)
  const description = valueAt(answer, 'error_description')
  const match = typeof description === 'string' ? /^AADSTS(\d{1,9})\b/.exec(description) : null
  return match ? Number(match[1]) : undefined
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** Key Vault's codes are single words of letters. Anything else isn't repeated. */
const word = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Za-z]{1,40}$/.test(value) ? value : undefined
