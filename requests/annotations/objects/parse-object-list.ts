import {
  type ObjectReference,
  type ParsedReference,
  parseReference,
} from '../../../keyvault/reference.ts'
import { printable } from '../../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { maxProblems } from '../../../lib/problems/problem.ts'
import { splitList } from '../../../lib/values/split-list.ts'
import { anyVault, howToSetDefault } from '../../administrator/choose-vaults.ts'
import { isFind, type ParsedFind, parseFind } from './parse-find.ts'

/** One entry of a list in `secrets` or `env`. */
export interface Entry {
  /** How messages name the entry: `entry "db=db-password"`. */
  readonly location: string
  /** The text before the `=`, if there is one. */
  readonly target?: string
  readonly reference: ParsedReference
  /** The secret that is the password of the key store. */
  readonly password?: ObjectReference
  readonly optional: boolean
}

/** An entry that looks for secrets, such as `shop/=find:shop-*`. */
export interface FindEntry {
  /** As that of an {@link Entry}. */
  readonly location: string
  /** The text before the `=`, which should end with a slash. */
  readonly target?: string
  readonly find: ParsedFind
  readonly optional: boolean
}

/** A problem with a list, or with one of its entries. */
interface ListProblem {
  /** Absent if the problem is with the whole list. */
  readonly location?: string
  readonly sentence: string
}

/** More entries would not fit into the agent's configuration. */
const maxEntries = 2000

/**
 * Reads `[target=]reference[^password][?]` and `DIR/=find:PATTERN[?]`, separated by commas or newlines
 * (docs/specification.md, "Object lists").
 *
 * @param reading - `targetProblem` checks a target. It is called only for entries that aren't returned, so that
 *   both problems are reported at once; the caller checks the targets of the others.
 * @returns the problems, and the entries that are valid or lack only a vault, so that the caller finds what else is wrong
 */
export function parseObjectList(
  list: string,
  reading: {
    readonly defaultVault?: string | undefined
    readonly targetProblem?: (target: string) => string | undefined
  },
): {
  readonly entries: readonly Entry[]
  readonly finds: readonly FindEntry[]
  readonly problems: readonly ListProblem[]
} {
  const { defaultVault, targetProblem = () => undefined } = reading
  const texts = splitList(list, maxEntries)
  if (texts === undefined)
    return {
      ...{ entries: [], finds: [] },
      problems: [
        { sentence: `found more than ${maxEntries} entries; accepted: at most ${maxEntries}` },
      ],
    }
  const entries: Entry[] = []
  const finds: FindEntry[] = []
  const problems: ListProblem[] = []
  for (const text of texts) {
    if (problems.length >= maxProblems) break
    const location = `entry "${printable(text)}"`
    const { required, optional } = cutOptional(text)
    const { target, rest } = cutTarget(required)
    const named = target === undefined ? {} : { target }
    if (isFind(rest, target)) {
      const find = parseFind(rest, defaultVault)
      if (find.kind === 'valid') finds.push({ location, ...named, find: find.value, optional })
      else problems.push({ location, sentence: find.problem })
      continue
    }
    const source = parseSource(rest, defaultVault)
    if (source.kind === 'invalid')
      problems.push({ location, sentence: source.problem + suggestion(text) })
    const readable = source.kind === 'valid' ? source : parseSource(rest, anyVault)
    if (readable.kind === 'valid') {
      entries.push({ location, ...named, ...readable.value, optional })
      continue
    }
    const sentence = target === undefined ? undefined : targetProblem(target)
    if (sentence !== undefined) problems.push({ location, sentence })
  }
  return { entries, finds, problems }
}

/** Reads a reference, and the password behind it. A `^` after a `#` is part of the property. */
function parseSource(
  text: string,
  defaultVault: string | undefined,
): Parsed<Pick<Entry, 'reference' | 'password'>> {
  const [, certificate = text, written] = /^([^#^]*)\^(.*)$/s.exec(text) ?? []
  const reference = parseReference(certificate, { defaultVault, howToSetDefault })
  if (reference.kind === 'invalid') return reference
  if (written === undefined) return valid({ reference: reference.value })
  const { object } = reference.value
  if (object.type !== 'pfx')
    return invalid(
      `"^" names the password of a key store, which only type "pfx" writes, but the type is "${object.type}"; write pfx/${object.name}^${printable(written)}, or remove "^" and what follows it`,
    )
  const password = parseReference(written, { defaultVault: object.vault })
  if (password.kind === 'invalid') return invalid(`the password after "^": ${password.problem}`)
  const { object: secret, property, encoding } = password.value
  return secret.type === 'secret' && property === undefined && encoding === undefined
    ? valid({ reference: reference.value, password: secret })
    : invalid(
        'the password after "^" must be the whole text of a secret: write ^NAME, ^VAULT:NAME or ^NAME@VERSION',
      )
}

/** A name in the style of variables, which no vault accepts, perhaps behind a vault. */
const variableLike =
  /^(?<vault>[A-Za-z0-9-]{3,24}:)?(?<name>[A-Za-z0-9](?:[\w-]{0,125}[A-Za-z0-9])?)(?<mark>\??)$/

/** Suggests an entry with the likely object, and the name that was written as its target. */
function suggestion(text: string): string {
  const { vault = '', name = '', mark = '' } = variableLike.exec(text.trim())?.groups ?? {}
  return name.includes('_')
    ? `; for the target ${name}, write ${name}=${vault}${name.toLowerCase().replaceAll('_', '-')}${mark}`
    : ''
}

/** The first `=` ends the target. A property may contain another one, if the entry has a target. */
function cutTarget(text: string): { readonly target?: string; readonly rest: string } {
  const equals = text.indexOf('=')
  return equals < 0
    ? { rest: text }
    : { target: text.slice(0, equals).trim(), rest: text.slice(equals + 1) }
}

/** A `?` at the end marks an optional object. */
export function cutOptional(text: string): {
  readonly required: string
  readonly optional: boolean
} {
  const trimmed = text.trim()
  const optional = trimmed.endsWith('?')
  return { required: optional ? trimmed.slice(0, -1) : trimmed, optional }
}
