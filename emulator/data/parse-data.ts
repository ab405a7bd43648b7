import { type Document, isCollection, isScalar, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { tokenAudience } from '../../lib/azure/token-audience.ts'
import { allInvalid, type Checked, valid } from '../../lib/problems/parsed.ts'
import { isUuid } from '../../lib/values/parse-uuid.ts'
import { describeIssues } from '../schema/describe-issues.ts'
import { list, mapping, maybe, namesTo, validText, withDefault } from '../schema/schema-parts.ts'
import { certificatesSchema } from './certificate-schema.ts'
import { defaultTenantId, type EmulatorData, type VaultData } from './data.ts'
import { isIssuer } from './is-issuer.ts'
import { keysSchema } from './key-schema.ts'
import { reportClashes } from './object-schema.ts'
import { secretsSchema } from './secret-schema.ts'

/** Reads a vault file. `problems` has a sentence for every problem, without secret values. */
export function parseEmulatorData(yamlText: string): Checked<EmulatorData> {
  const parsed = parseYaml(yamlText)
  if (parsed.kind === 'invalid') return parsed
  const { data, error } = dataSchema.safeParse(parsed.value ?? {})
  return data ? valid(data) : allInvalid(describeIssues(error.issues, ''))
}

/** Every scalar stays a string (`failsafe`), so a password may be `0644`, `true` or all digits. */
function parseYaml(yamlText: string): Checked<unknown> {
  const document: Document = parseDocument(yamlText, { schema: 'failsafe', prettyErrors: false })
  const lineOf = (offset: number) => yamlText.slice(0, offset).split('\n').length
  const problems = document.errors.map(
    ({ code, pos }) => `line ${lineOf(pos[0])}: invalid YAML (${code})`,
  )
  if (problems.length > 0) return allInvalid(problems)
  visit(document, {
    // A key without a value is null, although `failsafe` reads an empty string. An empty secret is written as ''.
    Scalar: (_key, node) => {
      if (node.type === 'PLAIN' && node.source === '') node.value = null
    },
    // Schemas silently ignore `__proto__`.
    Pair: (_key, { key }) => {
      // The library turns such a key into YAML again, which takes it seconds if a few hundred are nested.
      if (isCollection(key))
        problems.push(`line ${lineOf(key.range?.[0] ?? 0)}: a list or a mapping can't be a key`)
      if (isScalar(key) && key.value === '__proto__')
        problems.push(`line ${lineOf(key.range?.[0] ?? 0)}: the key "__proto__" is not accepted`)
    },
  })
  if (problems.length > 0) return allInvalid(problems)
  try {
    return valid(document.toJS({ maxAliasCount: 100 }))
  } catch {
    return allInvalid(['the file has too many aliases, or an alias without an anchor'])
  }
}

const uuid = validText('a UUID', isUuid).toLowerCase()
const nonEmpty = validText('a string', (found) => found !== '')
const role = list(
  validText(
    'a client ID (UUID), or "*" for every identity',
    (found) => found === '*' || isUuid(found),
  ).toLowerCase(),
)
const issuer = validText('a URL with https:// (with http:// on 127.0.0.1 only)', isIssuer)

const identity = mapping({
  clientId: uuid,
  federatedCredentials: withDefault(
    list(
      mapping({
        subject: nonEmpty,
        issuer: maybe(issuer),
        audience: withDefault(nonEmpty, tokenAudience),
      }),
    ),
    [],
  ),
  boundAccounts: maybe(list(nonEmpty)),
})

const vault = mapping({
  readers: withDefault(role, []),
  writers: withDefault(role, []),
  secrets: secretsSchema,
  keys: keysSchema,
  certificates: certificatesSchema,
}).superRefine(reportTakenNames)

/** A certificate is also a secret and a key of the same name, so those names are taken. */
function reportTakenNames(vault: Omit<VaultData, 'name'>, context: z.RefinementCtx): void {
  const taken = new Set(vault.certificates.map(({ name }) => name.toLowerCase()))
  for (const collection of ['secrets', 'keys'] as const)
    for (const { name } of vault[collection])
      if (taken.has(name.toLowerCase()))
        context.addIssue({
          code: 'custom',
          path: [collection, name],
          message: 'a certificate already has this name; accepted: another name',
        })
}

const vaults = namesTo(vault, {
  isName: (name) => /^[0-9a-z](?:[0-9a-z-]{1,22})[0-9a-z]$/i.test(name),
  accepted: '3 to 24 letters, digits and hyphens as the name of a vault',
})

const contentShape = {
  identities: withDefault(list(identity), []),
  vaults: withDefault(vaults, {}).transform((named, context): readonly VaultData[] => {
    reportClashes(Object.keys(named), (message) => context.addIssue(message))
    return Object.entries(named).map(([name, rest]) => ({ name: name.toLowerCase(), ...rest }))
  }),
}

/** What a vault file has besides the tenant. */
export const contentSchema = mapping(contentShape)

const dataSchema = mapping({ tenantId: withDefault(uuid, defaultTenantId), ...contentShape })

/** The JSON Schema of a vault file, for editors. It can't express which names clash, or which keys exclude each other. */
export const vaultFileSchema = (): object => ({
  ...z.toJSONSchema(dataSchema, { io: 'input', reused: 'ref' }),
  title: 'Vault data of the akv-injector emulator',
})
