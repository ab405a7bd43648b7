import type { WantedFile } from '../../delivery/contract.ts'
import { isObjectName, isObjectVersion } from '../../keyvault/reference.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import {
  below,
  only,
  parsed,
  type Read,
  report,
  reportThat,
  reportValue,
  someOf,
  text,
  textAs,
} from '../../lib/problems/read.ts'
import { type Decoding, decodings } from '../secret/composition.ts'

/** An object of a vault, and which part of it an ExternalSecret wants. */
export interface RemoteRef {
  readonly object: Omit<WantedFile['object'], 'vault'>
  readonly property?: string
  /** Of a key or a certificate, which the External Secrets Operator writes in formats of its own. */
  readonly format?: 'jwk' | 'der'
  readonly decoding: Decoding
  /** Of an extract: how names of properties become keys. */
  readonly conversion?: 'Unicode'
  readonly refusesNullBytes?: true
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
 */
export const remoteRefReader =
  ({ isExtract }: { readonly isExtract: boolean }): Read<RemoteRef> =>
  (value, at) => {
    const before = at.problems.length
    const found = (isExtract ? extractMembers : remoteRefMembers)(value, at)
    const { key, version, property, decodingStrategy: decoding = 'None' } = found
    const { conversionStrategy, nullBytePolicy } = found
    if (key === undefined && at.problems.length === before)
      reportThat(below(at, 'key'), 'is missing')
    const named = key === undefined ? undefined : parseKey(key)
    if (key !== undefined && named === undefined) reportValue(below(at, 'key'), key, keyForms)
    if (named === undefined || at.problems.length > before) return undefined
    const { name, prefix } = named
    if (prefix !== 'secret' && (isExtract || property !== undefined))
      return report(at, `${prefix}/ has no properties; name a secret here`)
    const { type, ...format } = types[prefix]
    return {
      object: { type, name, ...(version !== undefined && { version }) },
      ...(property !== undefined && { property }),
      ...format,
      decoding,
      ...(isExtract && conversionStrategy === 'Unicode' && { conversion: 'Unicode' }),
      ...(nullBytePolicy === 'Fail' && { refusesNullBytes: true }),
    }
  }

const keyForms =
  'expected NAME, secret/NAME, key/NAME or cert/NAME; NAME has 1 to 127 letters, digits and hyphens'

const members = {
  key: text,
  version: parsed(parseVersion),
  decodingStrategy: textAs(only(decodings)),
  conversionStrategy: textAs(only(['Default', 'Unicode'])),
  metadataPolicy: only(['None'], '. Tags are not read'),
  nullBytePolicy: textAs(only(['Ignore', 'Fail'])),
  emptyResultPolicy: only(['Fail'], '. Each object has to exist'),
}
const remoteRefMembers = someOf({ ...members, property: parsed(parseProperty) })
const extractMembers = someOf({
  ...members,
  property: parsed<string>(() =>
    invalid('is not supported in extract; name the properties in data'),
  ),
})

function parseVersion(version: string): Parsed<string> {
  return isObjectVersion(version)
    ? valid(version.toLowerCase())
    : invalid('expected the version of an object: 32 hexadecimal digits')
}

/** Refuses the characters that gjson, the operator's language for paths, gives a meaning. */
function parseProperty(path: string): Parsed<string> {
  const isPlain =
    path.length <= 1024 && !/[*?|#@\\!{}[\]():"]/.test(path) && !path.split('.').includes('')
  return isPlain
    ? valid(path)
    : invalid('is not supported here; accepted: names and numbers, joined by dots')
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
