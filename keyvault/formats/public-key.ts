import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'

/** The public members of Key Vault's JSON Web Key. Numbers are bytes or base64url. */
export interface PublicJwk {
  /** The key's URL. */
  readonly kid?: string
  readonly kty?: string
  /** What the key may be used for. */
  readonly keyOps?: readonly string[]
  readonly crv?: string
  readonly n?: Uint8Array | string
  readonly e?: Uint8Array | string
  readonly x?: Uint8Array | string
  readonly y?: Uint8Array | string
}

/** Key Vault's key types and their names in JOSE. `-HSM` says that the private half is in an HSM. */
const types = new Map([
  ['RSA', 'RSA'],
  ['RSA-HSM', 'RSA'],
  ['EC', 'EC'],
  ['EC-HSM', 'EC'],
])
const curves = new Map([
  ['P-256', 'P-256'],
  ['P-384', 'P-384'],
  ['P-521', 'P-521'],
  ['P-256K', 'secp256k1'],
  ['SECP256K1', 'secp256k1'],
])

/** Writes the public half of a key as SPKI in PEM: `-----BEGIN PUBLIC KEY-----`. */
export function publicKeyPem(jwk: PublicJwk): Parsed<string> {
  const standard = standardJwk(jwk)
  if (standard.kind === 'invalid') return standard
  const problem = "the vault's answer for the key holds no public key"
  // Node ignores characters that aren't base64url, and accepts an empty modulus.
  const numbers = [standard.value.n, standard.value.e, standard.value.x, standard.value.y]
  if (!numbers.every((text) => text === undefined || /^[\w-]+$/.test(text))) return invalid(problem)
  try {
    const key = createPublicKey({ key: standard.value, format: 'jwk' })
    const { modulusLength = minModulusBits, publicExponent = 3n } = key.asymmetricKeyDetails ?? {}
    if (modulusLength < minModulusBits || publicExponent < 3n) return invalid(problem)
    return valid(key.export({ type: 'spki', format: 'pem' }).toString())
  } catch {
    return invalid(problem)
  }
}

/**
 * Writes the public half of a key as a JSON Web Key, with Key Vault's own names for types and curves, as the External Secrets
 * Operator does.
 */
export function jwkText({ kid, kty, keyOps, n, e, crv, x, y }: PublicJwk): Parsed<string> {
  const number = (part: Uint8Array | string | undefined) =>
    part === undefined ? undefined : base64url(part)
  const members = {
    kid,
    kty,
    key_ops: keyOps,
    n: number(n),
    e: number(e),
    crv,
    x: number(x),
    y: number(y),
  }
  const standard = standardJwk({ ...(kty && { kty }), ...(crv && { crv }) })
  return standard.kind === 'invalid' ? standard : valid(JSON.stringify(members))
}

/** Half the size of the smallest RSA key that Key Vault creates. */
const minModulusBits = 1024

function standardJwk({ kty = '', crv = '', n, e, x, y }: PublicJwk): Parsed<JsonWebKey> {
  const type = types.get(kty)
  if (type === undefined)
    return invalid(
      /^oct\b/i.test(kty)
        ? `a key of type ${printable(kty)} is symmetric and has no public half to write; accepted: ${namesIn(types)}`
        : `the key's type is "${printable(kty)}"; accepted: ${namesIn(types)}`,
    )
  if (type === 'RSA') return valid({ kty: type, n: base64url(n), e: base64url(e) })
  const curve = curves.get(crv)
  return curve === undefined
    ? invalid(`the key's curve is "${printable(crv)}"; accepted: ${namesIn(curves)}`)
    : valid({ kty: type, crv: curve, x: base64url(x), y: base64url(y) })
}

const base64url = (number: Uint8Array | string | undefined): string =>
  typeof number === 'string' ? number : Buffer.from(number ?? []).toString('base64url')

const namesIn = (table: ReadonlyMap<string, string>): string => [...table.keys()].join(', ')
