/** A key that signs tokens, and the key set that proves them. */

import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  type JWTVerifyGetKey,
  SignJWT,
} from 'jose'

export interface Signer {
  /** As it is published. */
  readonly jwks: Parameters<typeof createLocalJWKSet>[0]
  readonly findKey: JWTVerifyGetKey
  sign(claims: JWTPayload): Promise<string>
}

/** RSA, since Entra takes and gives RS256 only. */
export const algorithm = 'RS256'

export async function createSigner(): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm)
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  const jwks = { keys: [{ ...jwk, kid, use: 'sig', alg: algorithm }] }
  return {
    jwks,
    findKey: createLocalJWKSet(jwks),
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'JWT', kid }).sign(privateKey),
  }
}

/** A time as tokens and Key Vault write it. */
export const seconds = (time: Date): number => Math.floor(time.getTime() / 1000)
