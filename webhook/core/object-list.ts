import { type ParsedReference, parseReference } from '../../keyvault/reference.ts'
import { printable } from '../../text/printable.ts'
import { splitList } from './split-list.ts'

/** One entry of a list in `secrets` or `env`. */
export interface Entry {
  /** What was written before the `=`, if anything. */
  readonly target?: string
  readonly reference: ParsedReference
  readonly optional: boolean
}

/** More would not fit into the agent's configuration, and every problem is reported: this bounds the report. */
const maxEntries = 2000

/**
 * Reads `[target=]reference[?]`, separated by commas or newlines (docs/specification.md, "Object lists").
 *
 * @returns the entries that could be read, and a sentence for each that could not
 */
export function parseObjectList(
  list: string,
  defaultVault?: string,
): { readonly entries: readonly Entry[]; readonly problems: readonly string[] } {
  const written = splitList(list, maxEntries)
  if (written === undefined)
    return { entries: [], problems: [`there are too many entries: ${maxEntries} at most`] }
  const entries: Entry[] = []
  const problems: string[] = []
  for (const text of written) {
    const parsed = parseEntry(text, defaultVault)
    if (typeof parsed === 'string') problems.push(`entry "${printable(text)}": ${parsed}`)
    else entries.push(parsed)
  }
  return { entries, problems }
}

function parseEntry(text: string, defaultVault?: string): Entry | string {
  const { required, optional } = cutOptional(text)
  // The first one: a property that holds another has a target before it.
  const equals = required.indexOf('=')
  const reference = parseReference(required.slice(equals + 1), defaultVault)
  if ('problem' in reference) return reference.problem
  return {
    ...(equals < 0 ? {} : { target: required.slice(0, equals).trim() }),
    reference: reference.value,
    optional,
  }
}

/** `name?` may be absent. */
export function cutOptional(text: string): {
  readonly required: string
  readonly optional: boolean
} {
  const trimmed = text.trim()
  const optional = trimmed.endsWith('?')
  return { required: optional ? trimmed.slice(0, -1) : trimmed, optional }
}
