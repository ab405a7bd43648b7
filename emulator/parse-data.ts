/** The emulator's YAML file. */

import { type Document, parseDocument, visit } from 'yaml'
import { defaultTenantId, type EmulatorData, exchangeAudience, type VaultData } from './data.ts'
import { certificateFormat } from './read-certificate.ts'
import { keyFormat } from './read-key.ts'
import { objectsOf, uniqueNames } from './read-object.ts'
import { secretFormat } from './read-secret.ts'
import {
  andThen,
  entriesOf,
  listOf,
  lowerCase,
  optional,
  type Read,
  type Result,
  record,
  text,
  withDefault,
  wrong,
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

function vault(name: string): Read<VaultData> {
  const fields = record({
    readers: withDefault(role, []),
    writers: withDefault(role, []),
    secrets: objectsOf(secretFormat),
    keys: objectsOf(keyFormat),
    certificates: objectsOf(certificateFormat),
  })
  return (found, at) =>
    /^[0-9a-z](?:[0-9a-z-]{1,22})[0-9a-z]$/i.test(name)
      ? andThen(fields, (rest, where) =>
          withoutClashes({ name: name.toLowerCase(), ...rest }, where),
        )(found, at)
      : wrong(at, name, '3 to 24 letters, digits and hyphens as the name of a vault')
}

/** A certificate is also a secret and a key of its name, so that neither can be there beside it. */
function withoutClashes(vault: VaultData, at: string): Result<VaultData> {
  const taken = new Set(vault.certificates.map((one) => one.name.toLowerCase()))
  const problems = (['secrets', 'keys'] as const).flatMap((collection) =>
    vault[collection]
      .filter(({ name }) => taken.has(name.toLowerCase()))
      .map(
        ({ name }) =>
          `${at}.${collection}.${name}: the certificate of this name takes it; accepted: another name`,
      ),
  )
  return problems.length > 0 ? { problems } : { value: vault }
}

const readData: Read<EmulatorData> = record({
  tenantId: withDefault(uuid, defaultTenantId),
  identities: withDefault(listOf(identity), []),
  vaults: andThen(withDefault(entriesOf(vault), []), uniqueNames),
})
