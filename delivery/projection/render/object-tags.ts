import type { FetchedObject } from '../../../keyvault/clients/object-client.ts'
import { pickProperty, readJsonDocument } from '../../../keyvault/formats/property.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { printable } from '../../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { isObject } from '../../../lib/shape.ts'
import { toJson } from '../../go-template/functions/json.ts'
import { fromText, toText } from '../../go-template/model/byte-string.ts'

/**
 * What `metadataPolicy: Fetch` of the External Secrets Operator reads: the tags of an object, and its dates, which the operator
 * adds since 2.9.0.
 */

type Tags = ReadonlyMap<string, string>

/** Microseconds for each character. */
const characterCost = 0.5

function allTags(found: FetchedObject, budget: CpuBudget): Tags {
  const tags = new Map(Object.entries(found.tags ?? {}))
  for (const [name, ms] of Object.entries(datesOf(found)))
    if (ms !== undefined) tags.set(`attribute.${name}`, dateText(ms))
  let characters = 0
  for (const [name, text] of tags) characters += name.length + text.length
  budget.charge(characters * characterCost)
  return tags
}

const datesOf = ({ expiresAtMs, createdAtMs, updatedAtMs, notBeforeAtMs }: FetchedObject) => ({
  expires: expiresAtMs,
  created: createdAtMs,
  updated: updatedAtMs,
  notBefore: notBeforeAtMs,
})

/** By RFC 3339, without fractions of a second. */
const dateText = (ms: number): string => `${new Date(ms).toISOString().slice(0, -5)}Z`

/** All tags as one JSON object. */
export function tagsText(found: FetchedObject, budget: CpuBudget): string {
  const entries = [...allTags(found, budget)].map(
    ([name, text]) => [fromText(name), fromText(text)] as const,
  )
  return toText(toJson({ kind: 'json', entries: new Map(entries) }))
}

/** The value of the tag with this name. If there is none, the name is a path: the tag up to the first dot, and a property of the JSON in it. */
export function pickTag(found: FetchedObject, path: string, budget: CpuBudget): Parsed<string> {
  const tags = allTags(found, budget)
  const whole = tags.get(path)
  if (whole !== undefined) return valid(whole)
  const dot = path.indexOf('.')
  const text = tags.get(path.slice(0, Math.max(0, dot)))
  if (text === undefined) return invalid(`it has no tag "${printable(path)}"`)
  const document = readJsonDocument(text, budget)
  return document.kind === 'invalid'
    ? document
    : pickProperty(document.value, path.slice(dot + 1), { budget, lookup: 'gjson' })
}

/**
 * The keys that an extract makes of tags: `NAME_TAG`, and `NAME_TAG_MEMBER` for each member of a tag that is a JSON object of
 * texts.
 *
 * @param options - `name`: of the object; `property`: only what this path leads to
 */
export function namedTags(
  found: FetchedObject,
  options: {
    readonly name: string
    readonly property: string | undefined
    readonly budget: CpuBudget
  },
): Parsed<Tags> {
  const { name, property, budget } = options
  if (property !== undefined) {
    const picked = pickTag(found, property, budget)
    return picked.kind === 'invalid'
      ? picked
      : valid(new Map([[`${name}_${property}`, picked.value]]))
  }
  const keys = new Map<string, string>()
  for (const [tag, text] of allTags(found, budget))
    for (const [member, value] of membersOf(text)) {
      const key = [name, tag, ...(member === undefined ? [] : [member])].join('_')
      if (keys.has(key)) return invalid('two of its tags give the same key')
      keys.set(key, value)
    }
  return valid(keys)
}

/** The members of a tag that is a JSON object of texts, in which null is an empty text. The tag itself if it is anything else. */
function membersOf(text: string): readonly (readonly [name: string | undefined, text: string])[] {
  const whole = [[undefined, text]] as const
  const json = jsonOf(text)
  if (json === null) return []
  if (!isObject(json)) return whole
  const members = Object.entries(json).map(
    ([name, value]) => [name.toWellFormed(), value ?? ''] as const,
  )
  return members.every((entry): entry is readonly [string, string] => typeof entry[1] === 'string')
    ? members.map(([name, value]) => [name, value.toWellFormed()] as const)
    : whole
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
