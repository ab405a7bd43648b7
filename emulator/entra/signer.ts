/** A key that signs tokens, and the key set that verifies them. */

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
  /** The public key set. */
  readonly jwks: Parameters<typeof createLocalJWKSet>[0]
  readonly findKey: JWTVerifyGetKey
  sign(claims: JWTPayload): Promise<string>
}

/** Entra accepts and issues only RS256. */
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

/** A time in seconds, as in tokens and in Key Vault's responses. */
export const seconds = (time: Date): number => Math.floor(time.getTime() / 1000)
