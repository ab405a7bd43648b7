import type { SecretPattern } from '../../../delivery/contract.ts'
import { isNamePattern, isVaultName } from '../../../keyvault/reference.ts'
import { printable } from '../../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { howToSetDefault } from '../../administrator/choose-vaults.ts'

/** What an entry looks for, and in which vault. */
export interface ParsedFind extends SecretPattern {
  readonly vault: string
}

/** Key Vault has at most 15 tags for an object. */
const maxTags = 15
const prefix = 'find:'
/** A tag in brackets, or the word for certificates. */
const bracket = /\[([^[\]]*)\]/g
const certificates = 'certificates'

/**
 * Whether the text after the `=` of an entry is a find, and not an object of a vault that is called "find". Only the target of a
 * find, and of entries that write a folder, ends with a slash.
 */
export function isFind(text: string, target: string | undefined): boolean {
  const written = text.trim()
  if (!written.startsWith(prefix)) return false
  const [name = ''] = written.slice(prefix.length).split(/[[#]/, 1)
  const hasBracket = written.includes('[')
  const isReference = /[/#@|]/.test(written.slice(prefix.length))
  return hasBracket || name.includes('*') || (target?.endsWith('/') === true && !isReference)
}

/** Reads `find:[VAULT:]PATTERN[TAG=VALUE]...` (docs/specification.md, "Finds"). */
export function parseFind(text: string, defaultVault?: string): Parsed<ParsedFind> {
  const written = text.trim().slice(prefix.length)
  const open = written.indexOf('[')
  const head = open < 0 ? written : written.slice(0, open)
  const colon = head.indexOf(':')
  const pattern = head.slice(colon + 1).trim()
  const vault = colon < 0 ? defaultVault : head.slice(0, colon).trim()
  const { tags, includesCertificates, problems } = parseBrackets(
    open < 0 ? '' : written.slice(open),
  )
  if (vault === undefined)
    problems.push(
      `it names no vault, and there is no default vault; write DIR/=find:VAULT:PATTERN, or ${howToSetDefault}`,
    )
  else if (colon >= 0 && !isVaultName(vault))
    problems.push(
      `"${printable(vault)}" isn't a valid vault name; accepted: 3 to 24 letters, digits and hyphens`,
    )
  if (!isNamePattern(pattern))
    problems.push(
      `"${printable(pattern)}" isn't a valid pattern; accepted: 1 to 127 letters, digits and hyphens, and "*" for any number of them`,
    )
  if (vault === undefined || problems.length > 0) return invalid(problems.join('; '))
  return valid({
    vault: vault.toLowerCase(),
    pattern,
    ...(tags.size > 0 && { tags: Object.fromEntries(tags) }),
    ...(includesCertificates && { includesCertificates }),
  })
}

function parseBrackets(text: string) {
  const tags = new Map<string, string>()
  const problems: string[] = []
  let includesCertificates: true | undefined
  for (const [, content = ''] of text.matchAll(bracket)) {
    const equals = content.indexOf('=')
    const tag = content.slice(0, Math.max(0, equals)).trim()
    if (equals < 0 && content.trim() === certificates) includesCertificates = true
    else if (tag === '' || tag === '__proto__' || tags.has(tag))
      problems.push(
        `"[${printable(content)}]" isn't valid; accepted: [TAG=VALUE], each tag once, and [${certificates}]`,
      )
    else tags.set(tag, content.slice(equals + 1).trim())
  }
  const rest = text.replaceAll(bracket, '').trim()
  if (rest !== '')
    problems.push(`"${printable(rest)}" isn't expected after the pattern; write [TAG=VALUE]`)
  if (tags.size > maxTags) problems.push(`found ${tags.size} tags; accepted: at most ${maxTags}`)
  return { tags, includesCertificates, problems }
}
