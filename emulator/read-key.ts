/** Keys in the data file: to be made (`type`, `size`, `curve`), or given as PEM. */

import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  type AsymmetricKeySpec,
  curves,
  type ImportedKey,
  type KeyData,
  type KeySpec,
  type KeyType,
  keyTypes,
  rsaSizes,
} from './data.ts'
import { type ObjectFormat, versionFields } from './read-object.ts'
import { andThen, optional, type Read, type Result, record, word, wrongKind } from './read-value.ts'

/** How a key to be made is described. */
export const keySpecFields = {
  type: optional(word(...keyTypes)),
  size: optional(word(...rsaSizes)),
  curve: optional(word(...curves)),
}
const readSpec = record(keySpecFields)
type SpecFields = Extract<ReturnType<typeof readSpec>, { value: unknown }>['value']

/** EC where nothing is said: an RSA key takes some hundred times as long to make. */
export function toKeySpec({ type = 'EC', size, curve }: SpecFields, at: string): Result<KeySpec> {
  const stray = Object.entries({ size, curve }).find(
    ([name, value]) => value !== undefined && name !== choiceOf[type],
  )
  if (stray !== undefined)
    return { problems: [`${at}.${stray[0]}: a key of type ${type} has none; leave it out`] }
  if (type === 'oct' || type === 'oct-HSM') return { value: { type } }
  return { value: asymmetric(type, { size, curve }) }
}

function asymmetric(
  type: ImportedKey['type'],
  { size = '2048', curve = 'P-256' }: Omit<SpecFields, 'type'>,
): AsymmetricKeySpec {
  return type === 'RSA' || type === 'RSA-HSM' ? { type, size } : { type, curve }
}

/** What may be chosen beside a type. */
const choiceOf: Readonly<Record<KeyType, 'size' | 'curve' | undefined>> = {
  RSA: 'size',
  'RSA-HSM': 'size',
  EC: 'curve',
  'EC-HSM': 'curve',
  oct: undefined,
  'oct-HSM': undefined,
}

/** Never repeats what it found: PEM may hold a private key. */
const publicKeyPem: Read<KeyObject> = (found, at) => {
  if (typeof found !== 'string') return wrongKind(at, found, pemForm)
  try {
    const key = createPublicKey(found)
    if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ec') return { value: key }
  } catch {
    // Node's own words could repeat a part of it.
  }
  return { problems: [`${at}: this is not ${pemForm}`] }
}
const pemForm = 'an RSA or EC key in PEM, public, or private without a password'

const fields = { ...versionFields, ...keySpecFields, pem: optional(publicKeyPem) }
const readFields = record(fields)
type Fields = Extract<ReturnType<typeof readFields>, { value: unknown }>['value']

export const keyFormat: ObjectFormat<KeyData> = {
  kind: 'key',
  fields,
  readVersion: () => andThen(readFields, toVersion),
}

function toVersion({ type, size, curve, pem, ...rest }: Fields, at: string): Result<KeyData> {
  const key =
    pem === undefined
      ? toKeySpec({ type, size, curve }, at)
      : imported(pem, { type, size, curve }, at)
  return 'value' in key ? { value: { ...rest, key: key.value } } : key
}

function imported(
  publicKey: KeyObject,
  { type, size, curve }: SpecFields,
  at: string,
): Result<ImportedKey> {
  const own = publicKey.asymmetricKeyType === 'rsa' ? 'RSA' : 'EC'
  if (size !== undefined || curve !== undefined)
    return { problems: [`${at}: "pem" beside "size" or "curve"; accepted: one or the other`] }
  const accepted = [own, `${own}-HSM`] as const
  const named = accepted.find((one) => one === (type ?? own))
  return named === undefined
    ? {
        problems: [
          `${at}.type: found "${type}"; accepted, as the PEM says: ${accepted.join(', ')}`,
        ],
      }
    : { value: { type: named, publicKey } }
}
