import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import {
  type AsymmetricKeySpec,
  curves,
  type ImportedKey,
  type KeySpec,
  type KeyType,
  keyTypes,
  rsaSizes,
} from '../material/specs.ts'
import { maybe, secretText, word } from '../schema/schema-parts.ts'
import type { KeyData } from './data.ts'
import { type Fields, objectsOf, type ReportProblem, versionShape } from './object-schema.ts'

/** The properties of a key to generate. */
export const keySpecShape = {
  type: maybe(word(keyTypes)),
  size: maybe(word(rsaSizes)),
  curve: maybe(word(curves)),
}
type SpecFields = Fields<typeof keySpecShape>

/** The default is EC, because generating an RSA key takes about a hundred times as long. */
export function toKeySpec(
  { type = 'EC', size, curve }: SpecFields,
  report: ReportProblem,
): KeySpec | undefined {
  const stray = Object.entries({ size, curve }).find(
    ([name, value]) => value !== undefined && name !== choiceOf[type],
  )
  if (stray !== undefined) {
    report(`a key of type ${type} has no such property; leave it out`, stray[0])
    return undefined
  }
  return type === 'oct' || type === 'oct-HSM' ? { type } : asymmetric(type, { size, curve })
}

function asymmetric(
  type: ImportedKey['type'],
  { size = '2048', curve = 'P-256' }: Omit<SpecFields, 'type'>,
): AsymmetricKeySpec {
  return type === 'RSA' || type === 'RSA-HSM' ? { type, size } : { type, curve }
}

/** The property that may be set for each type. */
const choiceOf: Readonly<Record<KeyType, 'size' | 'curve' | undefined>> = {
  RSA: 'size',
  'RSA-HSM': 'size',
  EC: 'curve',
  'EC-HSM': 'curve',
  oct: undefined,
  'oct-HSM': undefined,
}

const pemForm = 'an RSA or EC key in PEM, public, or private without a password'
const publicKeyPem = secretText(pemForm).transform((pem, context): KeyObject => {
  try {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ec') return key
  } catch {
    // Node's message isn't shown, because it could contain part of the key.
  }
  context.addIssue(`this is not ${pemForm}`)
  return z.NEVER
})

const shape = { ...versionShape, ...keySpecShape, pem: maybe(publicKeyPem) }

/** Keys in the vault file: to generate (`type`, `size`, `curve`), or imported as PEM. */
export const keysSchema = objectsOf({
  kind: 'key',
  shape,
  toVersion,
  complete: (version) => version,
})

function toVersion(
  { type, size, curve, pem, enabled = true, ...rest }: Fields<typeof shape>,
  report: ReportProblem,
): KeyData | undefined {
  const spec = { type, size, curve }
  const key = pem === undefined ? toKeySpec(spec, report) : imported(pem, spec, report)
  return key && { ...rest, enabled, key }
}

function imported(
  publicKey: KeyObject,
  { type, size, curve }: SpecFields,
  report: ReportProblem,
): ImportedKey | undefined {
  const keyKind = publicKey.asymmetricKeyType === 'rsa' ? 'RSA' : 'EC'
  if (size !== undefined || curve !== undefined) {
    report('found "pem" together with "size" or "curve"; accepted: only one of them')
    return undefined
  }
  const accepted = [keyKind, `${keyKind}-HSM`] as const
  const named = accepted.find((keyType) => keyType === (type ?? keyKind))
  if (named === undefined)
    report(`found "${type}"; accepted, as the PEM says: ${accepted.join(', ')}`, 'type')
  return named && { type: named, publicKey }
}
