/** The emulator's YAML file. */

import { type Document, parseDocument, visit } from 'yaml'
import {
  defaultTenantId,
  type EmulatorData,
  exchangeAudience,
  maxValueBytes,
  type SecretData,
  type SecretValue,
  type VaultData,
  type VersionData,
} from './data.ts'
import {
  andThen,
  date,
  entriesOf,
  flag,
  isMapping,
  listOf,
  optional,
  type Read,
  type Result,
  record,
  stringMap,
  text,
  wholeNumber,
  withDefault,
  wrong,
  wrongKind,
} from './read-value.ts'

/** Reads a data file. `problems` are sentences for people, all of them at once; they never hold a secret's value. */
export function parseEmulatorData(
  yamlText: string,
): { readonly data: EmulatorData } | { readonly problems: readonly string[] } {
  const parsed = parseYaml(yamlText)
  if ('problems' in parsed) return parsed
  const result = readData(parsed.value ?? {}, '')
  return 'value' in result ? { data: result.value } : result
}

/** Everything stays text (`failsafe`): a password that is `0644`, `true` or all digits is that password. */
function parseYaml(yamlText: string): Result<unknown> {
  const document: Document = parseDocument(yamlText, { schema: 'failsafe', prettyErrors: false })
  const problems = document.errors.map(({ code, pos }) => {
    const line = yamlText.slice(0, pos[0]).split('\n').length
    return `line ${line}: this is not YAML (${code})`
  })
  if (problems.length > 0) return { problems }
  // `failsafe` takes a key with nothing behind it for an empty text; an empty secret is written as ''.
  visit(document, {
    Scalar: (_key, node) => {
      if (node.type === 'PLAIN' && node.source === '') node.value = null
    },
  })
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) }
  } catch {
    return { problems: ['the file has too many aliases, or one that leads nowhere'] }
  }
}

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const lowerCase = (read: Read<string>) => andThen(read, (value) => ({ value: value.toLowerCase() }))
const uuid = lowerCase(text('a UUID', (found) => uuidPattern.test(found)))
const nonEmpty = text('a text', (found) => found !== '')
const role = listOf(
  lowerCase(
    text(
      'a client id (UUID), or "*" for every identity',
      (found) => found === '*' || uuidPattern.test(found),
    ),
  ),
)
/** Entra takes https only; a test's own issuer may do without a certificate. */
const issuer = text('a URL with https:// (with http:// on 127.0.0.1 only)', (found) => {
  const url = URL.parse(found)
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === '127.0.0.1')
})

const identity = record({
  clientId: uuid,
  federatedCredentials: withDefault(
    listOf(
      record({
        subject: nonEmpty,
        issuer: optional(issuer),
        audience: withDefault(nonEmpty, exchangeAudience),
      }),
    ),
    [],
  ),
})

/** A secret's value. It never repeats what it found: that may be meant as one. */
export const readSecretValue: Read<string> = (found, at) => {
  if (typeof found !== 'string') return wrongKind(at, found, 'a text')
  return Buffer.byteLength(found) <= maxValueBytes
    ? { value: found }
    : { problems: [`${at}: longer than Key Vault takes; accepted: up to 25 KiB`] }
}

const versionFields = {
  version: optional(
    lowerCase(text('32 hexadecimal digits', (found) => /^[0-9a-f]{32}$/i.test(found))),
  ),
  value: optional(readSecretValue),
  generate: optional(wholeNumber(1, maxValueBytes)),
  contentType: optional(text('a text')),
  tags: optional(stringMap),
  enabled: withDefault(flag, true),
  created: optional(date),
  expires: optional(date),
  notBefore: optional(date),
}

type VersionFields = Extract<ReturnType<typeof readVersionFields>, { value: unknown }>['value']
const readVersionFields = record(versionFields)
const version = andThen(readVersionFields, toVersion)

function toVersion({ value, generate, ...rest }: VersionFields, at: string): Result<VersionData> {
  const [given, ...more] = [value, generate === undefined ? undefined : { generate }].filter(
    (one): one is SecretValue => one !== undefined,
  )
  return given === undefined || more.length > 0
    ? { problems: [`${at}: accepted: either "value" or "generate", exactly one of them`] }
    : { value: { ...rest, value: given } }
}

const readSecretFields = record({
  ...versionFields,
  deleted: withDefault(flag, false),
  versions: optional(listOf(version)),
})

function secret(name: string): Read<SecretData> {
  return (found, at) => {
    if (!/^[0-9a-z-]{1,127}$/i.test(name))
      return wrong(at, name, '1 to 127 letters, digits and hyphens as the name of a secret')
    if (!isMapping(found))
      return andThen(readSecretValue, (value) => ({
        value: { name, deleted: false, versions: [{ value, enabled: true }] },
      }))(found, at)
    const result = readSecretFields(found, at)
    if ('problems' in result) return result
    const { versions, deleted, ...single } = result.value
    if (versions === undefined)
      return andThen(
        () => toVersion(single, at),
        (one) => ({ value: { name, deleted, versions: [one] } }),
      )(found, at)
    const ids = versions.flatMap((one) => one.version ?? [])
    if (new Set(ids).size < ids.length)
      return { problems: [`${at}.versions: two have the same "version"; accepted: each its own`] }
    const beside = Object.keys(versionFields).filter((field) => Object.hasOwn(found, field))
    if (beside.length > 0)
      return {
        problems: [`${at}: ${beside.join(', ')} beside "versions"; accepted: in each version`],
      }
    return versions.length > 0
      ? { value: { name, deleted, versions } }
      : { problems: [`${at}.versions: found an empty list; accepted: one version or more`] }
  }
}

function vault(name: string): Read<VaultData> {
  const fields = record({
    readers: withDefault(role, []),
    writers: withDefault(role, []),
    secrets: andThen(withDefault(entriesOf(secret), []), uniqueNames),
  })
  return (found, at) =>
    /^[0-9a-z](?:[0-9a-z-]{1,22})[0-9a-z]$/i.test(name)
      ? andThen(fields, (rest) => ({ value: { name: name.toLowerCase(), ...rest } }))(found, at)
      : wrong(at, name, '3 to 24 letters, digits and hyphens as the name of a vault')
}

/** Key Vault's names have no case: two that differ in nothing else would be one object. */
function uniqueNames<T extends { readonly name: string }>(
  named: readonly T[],
  at: string,
): Result<readonly T[]> {
  const seen = new Map<string, string>()
  const problems: string[] = []
  for (const { name } of named) {
    const earlier = seen.get(name.toLowerCase())
    if (earlier !== undefined)
      problems.push(`${at}: "${earlier}" and "${name}" are the same name: case doesn't count`)
    seen.set(name.toLowerCase(), name)
  }
  return problems.length > 0 ? { problems } : { value: named }
}

const readData: Read<EmulatorData> = record({
  tenantId: withDefault(uuid, defaultTenantId),
  identities: withDefault(listOf(identity), []),
  vaults: andThen(withDefault(entriesOf(vault), []), uniqueNames),
})
