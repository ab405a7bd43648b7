/** Checks a client assertion as Entra does: a service account's token, presented for an identity. */

import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { EmulatedIdentity } from '../data/data.ts'
import { type EntraRefusal, refusals } from '../refusals/entra-refusal.ts'
import { IssuerUnreachable, type KeysOf } from './issuer-keys.ts'
import { algorithm } from './signer.ts'

interface AssertionContext {
  readonly identity: EmulatedIdentity
  /** The issuer of a federated credential that doesn't name one. */
  readonly defaultIssuer: string
  readonly keysOf: KeysOf
  readonly now: Date
}

/** Entra tolerates a clock difference of 5 minutes. */
const clockToleranceSeconds = 300

/**
 * Returns the refusal if the assertion isn't valid for the identity. Fetches an issuer's keys only if one of the identity's
 * credentials names that issuer, so a caller can't make the emulator fetch a URL of its choice.
 */
export async function checkAssertion(
  assertion: string,
  context: AssertionContext,
): Promise<EntraRefusal | undefined> {
  const decoded = decode(assertion)
  if (decoded === undefined) return refusals.malformedAssertion()
  const { header, claims } = decoded
  const issuer = String(claims.iss)
  const mismatch = matchCredential(claims, context)
  if (mismatch !== undefined) return mismatch
  if (header.alg !== algorithm) return refusals.unsupportedAlgorithm()
  try {
    await jwtVerify(assertion, await context.keysOf(issuer), {
      algorithms: [algorithm],
      currentDate: context.now,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp'],
    })
    return undefined
  } catch (error) {
    return refusalFor(error, { kid: String(header.kid), claims, issuer, now: context.now })
  }
}

/**
 * Returns the refusal that a fault requests, with the message that Entra would send for this assertion. Codes that
 * aren't about federation get a general message.
 */
export function emulatedRefusal(
  code: number,
  { assertion, clientId }: { readonly assertion: string; readonly clientId: string },
): EntraRefusal {
  const { header, claims } = decode(assertion) ?? {}
  const { iss, sub, aud } = claims ?? {}
  const known = [
    refusals.issuerMismatch(String(iss)),
    refusals.subjectMismatch(String(sub)),
    refusals.subjectCaseMismatch(String(sub)),
    refusals.audienceMismatch([aud ?? []].flat().join(', ')),
    refusals.noFederatedCredential(clientId),
    refusals.noMatchingCredential(),
    refusals.issuerUnreachable(),
    refusals.unknownKey(String(header?.kid), String(iss)),
    refusals.invalidSignature(),
  ].find((refusal) => refusal.code === code)
  return (
    known ?? { code, error: 'invalid_client', status: 401, message: 'This fault was injected.' }
  )
}

function decode(assertion: string) {
  try {
    const header = decodeProtectedHeader(assertion)
    const claims = decodeJwt(assertion)
    const { iss, sub, aud } = claims
    // The caller may have sent any JSON here, although RFC 7519 requires strings.
    const texts: readonly unknown[] = [header.kid ?? '', iss ?? '', sub ?? '', aud ?? []].flat()
    return texts.every((text) => typeof text === 'string') ? { header, claims } : undefined
  } catch {
    return undefined
  }
}

/** Compares exactly, as Entra does. The refusal names the first part that no credential matches. */
function matchCredential(
  { iss, sub, aud }: JWTPayload,
  { identity, defaultIssuer }: AssertionContext,
): EntraRefusal | undefined {
  if (identity.federatedCredentials.length === 0)
    return refusals.noFederatedCredential(identity.clientId)
  const sameIssuer = identity.federatedCredentials.filter(
    ({ issuer = defaultIssuer }) => issuer === iss,
  )
  if (sameIssuer.length === 0) return refusals.issuerMismatch(String(iss))
  const sameSubject = sameIssuer.filter(({ subject }) => subject === sub)
  if (sameSubject.length === 0) {
    const lower = String(sub).toLowerCase()
    const isCase = sameIssuer.some(({ subject }) => subject.toLowerCase() === lower)
    return isCase
      ? refusals.subjectCaseMismatch(String(sub))
      : refusals.subjectMismatch(String(sub))
  }
  const audiences = [aud ?? []].flat()
  return sameSubject.some(({ audience }) => audiences.includes(audience))
    ? undefined
    : refusals.audienceMismatch(audiences.join(', '))
}

interface Presented {
  readonly kid: string
  readonly claims: JWTPayload
  readonly issuer: string
  readonly now: Date
}

function refusalFor(error: unknown, { kid, claims, issuer, now }: Presented): EntraRefusal {
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return refusals.unknownKey(kid, issuer)
  if (error instanceof errors.JWSSignatureVerificationFailed) return refusals.invalidSignature()
  if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed)
    return refusals.outsideLifetime(now, toDate(claims.nbf), toDate(claims.exp))
  if (error instanceof IssuerUnreachable || isFetchFailure(error))
    return refusals.issuerUnreachable()
  return refusals.malformedAssertion()
}

/** The errors of jose's remote key sets if they can't be read. */
const isFetchFailure = (error: unknown) =>
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  error instanceof TypeError ||
  (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')

function toDate(claim: unknown): Date | undefined {
  const time = new Date(typeof claim === 'number' ? claim * 1000 : Number.NaN)
  return Number.isNaN(time.getTime()) ? undefined : time
}
