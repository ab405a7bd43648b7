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
  /** The wanted property. In an extract: the property that contains the wanted ones. */
  readonly property?: string
  /** `tags`: its tags and dates are wanted. Otherwise of a key or a certificate, which the operator writes in formats of its own. */
  readonly format?: 'jwk' | 'der' | 'tags'
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
    const found = members(value, at)
    const { key, version, property, decodingStrategy: decoding = 'None' } = found
    const { conversionStrategy, nullBytePolicy, metadataPolicy } = found
    if (key === undefined && at.problems.length === before)
      reportThat(below(at, 'key'), 'is missing')
    const named = key === undefined ? undefined : parseKey(key)
    if (key !== undefined && named === undefined) reportValue(below(at, 'key'), key, keyForms)
    if (named === undefined || at.problems.length > before) return undefined
    const { name, prefix } = named
    const isTags = metadataPolicy === 'Fetch'
    if (prefix !== 'secret' && (isExtract || (property !== undefined && !isTags)))
      return report(at, `${prefix}/ has no properties; name a secret here`)
    const { type, ...format } = types[prefix]
    return {
      object: { type, name, ...(version !== undefined && { version }) },
      ...(property !== undefined && { property }),
      ...(isTags ? { format: 'tags' } : format),
      decoding,
      ...(isExtract && conversionStrategy === 'Unicode' && { conversion: 'Unicode' }),
      ...(nullBytePolicy === 'Fail' && { refusesNullBytes: true }),
    }
  }

const keyForms =
  'expected NAME, secret/NAME, key/NAME or cert/NAME; NAME has 1 to 127 letters, digits and hyphens'

const members = someOf({
  key: text,
  property: parsed(parseProperty),
  version: parsed(parseVersion),
  decodingStrategy: textAs(only(decodings)),
  conversionStrategy: textAs(only(['Default', 'Unicode'])),
  metadataPolicy: textAs(only(['None', 'Fetch'])),
  nullBytePolicy: textAs(only(['Ignore', 'Fail'])),
  emptyResultPolicy: only(['Fail'], '. Each object has to exist'),
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
