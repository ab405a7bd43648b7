/** Generates keys, and describes their public half as Key Vault does. */

import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { AsymmetricKeySpec, ImportedKey, KeySpec, KeyType } from './specs.ts'

/** The public part of a JSON Web Key (RFC 7517). A symmetric key has none. */
export interface EmulatedJwk {
  readonly kty: KeyType
  readonly key_ops: readonly string[]
  readonly crv?: string | undefined
  readonly x?: string | undefined
  readonly y?: string | undefined
  readonly n?: string | undefined
  readonly e?: string | undefined
}

const generate = promisify(generateKeyPair)

/** P-256K has another name in OpenSSL. */
const namedCurve = (curve: string) => (curve === 'P-256K' ? 'secp256k1' : curve)

export async function makePrivateKey(spec: AsymmetricKeySpec): Promise<KeyObject> {
  const pair =
    'size' in spec
      ? await generate('rsa', { modulusLength: Number(spec.size) })
      : await generate('ec', { namedCurve: namedCurve(spec.curve) })
  return pair.privateKey
}

export async function makeJwk(key: KeySpec | ImportedKey): Promise<EmulatedJwk> {
  if ('publicKey' in key) return jwkOf(key.publicKey, key.type)
  return 'size' in key || 'curve' in key
    ? jwkOf(createPublicKey(await makePrivateKey(key)), key.type)
    : { kty: key.type, key_ops: [...wrapping, ...encrypting] }
}

export function jwkOf(publicKey: KeyObject, type: KeyType): EmulatedJwk {
  const { crv, x, y, n, e } = publicKey.export({ format: 'jwk' })
  return type === 'RSA' || type === 'RSA-HSM'
    ? { kty: type, key_ops: [...encrypting, ...signing, ...wrapping], n, e }
    : { kty: type, key_ops: signing, crv: crv === 'secp256k1' ? 'P-256K' : crv, x, y }
}

const signing = ['sign', 'verify']
const wrapping = ['wrapKey', 'unwrapKey']
const encrypting = ['encrypt', 'decrypt']
