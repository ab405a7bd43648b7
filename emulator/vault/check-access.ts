/** Checks an access token, and its owner's permissions, as Key Vault does. */

import { errors, type JWTPayload, jwtVerify } from 'jose'
import { algorithm } from '../entra/signer.ts'
import { accessTokenIssuer } from '../entra/tenant.ts'
import {
  noToken,
  tokenExpired,
  tokenInvalid,
  type VaultAction,
  type VaultRefusal,
  wrongAudience,
} from '../refusals/vault-refusal.ts'
import type { Vault } from './store/stored-object.ts'
import type { VaultService } from './vault-service.ts'

export interface VaultCaller {
  readonly clientId: string
  /** The caller's name in the service's refusals. */
  readonly description: string
}

type Authentication =
  | { readonly kind: 'known'; readonly caller: VaultCaller }
  | { readonly kind: 'unknown'; readonly refusal: VaultRefusal }

/** @param authorization - the header, if the request has one */
export async function authenticate(
  service: VaultService,
  authorization?: string,
): Promise<Authentication> {
  const token = /^Bearer +([^ ]+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return { kind: 'unknown', refusal: noToken }
  const issuer = accessTokenIssuer(service.tenantId)
  try {
    const { payload } = await jwtVerify(token, service.entraSigner.findKey, {
      algorithms: [algorithm],
      issuer,
      audience: service.audience,
      currentDate: service.now(),
      requiredClaims: ['exp', 'appid', 'oid'],
    })
    return { kind: 'known', caller: callerOf(payload, issuer) }
  } catch (error) {
    return { kind: 'unknown', refusal: refusalFor(error, service.audience) }
  }
}

/** Coarser than Azure's roles: a writer may do everything, and a reader may read all kinds of objects. */
export function isAllowed(
  { readers, writers }: Vault,
  { clientId }: VaultCaller,
  action: VaultAction,
): boolean {
  const holders = action === 'get' || action === 'list' ? [readers, writers] : [writers]
  return holders.some((role) => role.has(clientId) || role.has('*'))
}

function callerOf({ appid, oid }: JWTPayload, issuer: string): VaultCaller {
  return { clientId: String(appid), description: `appid=${appid};oid=${oid};iss=${issuer}` }
}

function refusalFor(error: unknown, audience: string): VaultRefusal {
  if (error instanceof errors.JWTExpired) return tokenExpired
  return error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud'
    ? wrongAudience(audience, String(error.payload.aud))
    : tokenInvalid
}
