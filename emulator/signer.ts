/** A key that signs tokens, and the key set that proves them. */

import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose'

export interface Signer {
  readonly publicJwk: JWK & { readonly kid: string }
  sign(claims: JWTPayload): Promise<string>
}

/** RSA, since Entra takes and gives RS256 only. */
export const algorithm = 'RS256'

export async function createSigner(): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm)
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return {
    publicJwk: { ...jwk, kid, use: 'sig', alg: algorithm },
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'JWT', kid }).sign(privateKey),
  }
}

export const seconds = (time: Date): number => Math.floor(time.getTime() / 1000)
