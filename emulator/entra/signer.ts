import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
} from 'jose'

/** A key that signs tokens, and the key set that verifies them. */
export type Signer = Awaited<ReturnType<typeof createSigner>>

/** Entra accepts and issues only RS256. */
export const algorithm = 'RS256'

export async function createSigner() {
  const { publicKey, privateKey } = await generateKeyPair(algorithm)
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  const jwks = { keys: [{ ...jwk, kid, use: 'sig', alg: algorithm }] }
  return {
    /** The public key set. */
    jwks,
    findKey: createLocalJWKSet(jwks),
    sign: (claims: JWTPayload) =>
      new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'JWT', kid }).sign(privateKey),
  }
}

/** A time in seconds, as in tokens and in Key Vault's responses. */
export const seconds = (time: Date): number => Math.floor(time.getTime() / 1000)
