import type { WantedFile } from '../../delivery/contract.ts'
import { isObjectName, isObjectVersion } from '../../keyvault/reference.ts'
import { type Decoding, decodings } from '../secret/composition.ts'
import { below, claim, only, type Place, readMembers, report, text, wrong } from './members.ts'

/** An object of a vault, and which part of it an ExternalSecret wants. */
export interface RemoteRef {
  readonly object: Omit<WantedFile['object'], 'vault'>
  readonly property?: string
  /** Of a key or a certificate, which the External Secrets Operator writes in formats of its own. */
  readonly format?: 'jwk' | 'der'
  readonly decoding: Decoding
}

/** The object types of the operator, by the prefixes of names. */
const types = {
  secret: { type: 'secret' },
  key: { type: 'key', format: 'jwk' },
  cert: { type: 'cert', format: 'der' },
} as const

/**
 * Reads a `remoteRef`, or an `extract`, which has the same members.
 *
 * @param options - `isExtract`: all properties of a JSON object are wanted
 * @returns undefined if it can't be read; the problems say why
 */
export function readRemoteRef(
  value: unknown,
  place: Place,
  { isExtract }: { readonly isExtract: boolean },
): RemoteRef | undefined {
  const found: { key?: string; version?: string; property?: string; decoding: Decoding } = {
    decoding: 'None',
  }
  const before = place.problems.length
  readMembers(value, place, {
    key: text((key) => {
      found.key = key
    }),
    version: text((version, at) => {
      if (isObjectVersion(version)) found.version = version.toLowerCase()
      else wrong(at, version, 'expected the version of an object: 32 hexadecimal digits')
    }),
    property: text((property, at) => {
      found.property = property
      if (isExtract) wrong(at, property, 'is not supported in extract; name the properties in data')
      else if (!isPlainPath(property))
        wrong(at, property, 'is not supported here; accepted: names and numbers, joined by dots')
    }),
    decodingStrategy: text((decoding, at) => {
      only(decodings)(decoding, at)
      found.decoding = decoding as Decoding
    }),
    conversionStrategy: only(['Default']),
    metadataPolicy: only(['None'], '. Tags are not read'),
    nullBytePolicy: only(['Ignore']),
    emptyResultPolicy: only(['Fail'], '. Each object has to exist'),
  })
  if (found.key === undefined && place.problems.length === before)
    claim(below(place, 'key'), 'is missing')
  const named = found.key === undefined ? undefined : parseKey(found.key)
  if (found.key !== undefined && named === undefined)
    wrong(
      below(place, 'key'),
      found.key,
      'expected NAME, secret/NAME, key/NAME or cert/NAME; NAME has 1 to 127 letters, digits and hyphens',
    )
  if (named === undefined || place.problems.length > before) return undefined
  const { name, prefix } = named
  if (prefix !== 'secret' && (isExtract || found.property !== undefined)) {
    report(place, `${prefix}/ has no properties; name a secret here`)
    return undefined
  }
  const { type, ...format } = types[prefix]
  return {
    object: { type, name, ...(found.version && { version: found.version }) },
    ...(found.property !== undefined && { property: found.property }),
    ...format,
    decoding: found.decoding,
  }
}

function parseKey(
  key: string,
): { readonly prefix: keyof typeof types; readonly name: string } | undefined {
  const slash = key.indexOf('/')
  const prefix = slash < 0 ? 'secret' : key.slice(0, slash)
  const name = key.slice(slash + 1)
  return Object.hasOwn(types, prefix) && isObjectName(name)
    ? { prefix: prefix as keyof typeof types, name }
    : undefined
}

/** The characters that gjson, the operator's language for paths, gives a meaning. */
const isPlainPath = (path: string): boolean =>
  path.length <= 1024 && !/[*?|#@\\!{}[\]():"]/.test(path) && !path.split('.').includes('')
