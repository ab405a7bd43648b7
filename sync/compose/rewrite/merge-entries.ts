import { fromJson, toJson, toPlainJson } from '../../../delivery/go-template/functions/json.ts'
import {
  fromBytes,
  fromText,
  toBytes,
  toText,
} from '../../../delivery/go-template/model/byte-string.ts'
import { TemplateError } from '../../../delivery/go-template/model/template.ts'
import { isMap, type Value } from '../../../delivery/go-template/model/value.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import type { MergeRewrite } from '../../../requests/secret/composition.ts'
import type { NamedValue } from './named-value.ts'

/** Microseconds to read each byte of a JSON text, and to write it again. */
const byteCost = 0.5
const valueCost = 5

/** Members of JSON objects, by their names as byte strings. */
type Members = Map<string, Value>

/** Joins the members of all values, which have to be JSON objects, as the operator's `merge` does. */
export async function mergeEntries(
  entries: readonly NamedValue[],
  operation: MergeRewrite,
  budget: CpuBudget,
): Promise<Parsed<readonly NamedValue[]>> {
  // Chance decides which of them the operator keeps.
  if (entries.filter(({ name }) => name === '').length > 1)
    return invalid('several values have an empty name')
  const sorted = sortEntries(entries, operation)
  if (sorted.kind === 'invalid') return sorted
  const members: Members = new Map()
  let conflicts = 0
  for (const { bytes } of sorted.value) {
    budget.charge(valueCost + bytes.length * byteCost)
    await budget.yieldIfDue()
    const found = membersOf(bytes)
    if (found === undefined)
      return invalid('one of the values is not a JSON object that can be merged')
    for (const [name, value] of found) {
      if (members.has(name)) conflicts++
      members.set(name, value)
    }
  }
  if (conflicts > 0 && !operation.ignoresConflicts)
    return invalid(
      `${conflicts} members are in several values; set conflictPolicy to Ignore, or remove them`,
    )
  return valid(joined(members, entries, operation))
}

/** Sorted by their names, and then those with priority in the order that they are written in. */
function sortEntries(
  entries: readonly NamedValue[],
  { priority, ignoresMissing }: MergeRewrite,
): Parsed<readonly NamedValue[]> {
  const others = entries
    .filter(({ name }) => !priority.includes(name))
    .toSorted((a, b) => (fromText(a.name) < fromText(b.name) ? -1 : 1))
  const preferred: NamedValue[] = []
  for (const [index, name] of priority.entries()) {
    const found = entries.find((entry) => entry.name === name)
    if (found !== undefined) preferred.push(found)
    else if (!ignoresMissing)
      return invalid(`priority[${index}] is not there; set priorityPolicy to IgnoreNotFound`)
  }
  return valid([...others, ...preferred])
}

/** The members of a JSON object. JSON null has none. Undefined for anything else. */
function membersOf(bytes: Uint8Array): ReadonlyMap<string, Value> | undefined {
  try {
    const value = fromJson(fromBytes(bytes))
    if (value === null) return new Map()
    return isMap(value) ? value.entries : undefined
  } catch (error) {
    if (error instanceof TemplateError) return undefined
    throw error
  }
}

function joined(
  members: Members,
  entries: readonly NamedValue[],
  { into }: MergeRewrite,
): readonly NamedValue[] {
  if (into === undefined)
    return [...members].map(([name, value]) => ({
      name: toText(name),
      bytes: toBytes(textOf(value)),
    }))
  const merged = toPlainJson({ kind: 'json', entries: members })
  return [...entries.filter(({ name }) => name !== into), { name: into, bytes: toBytes(merged) }]
}

/** A member as the value of a key. */
function textOf(value: Value): string {
  if (typeof value === 'string') return value
  if (value === null) return ''
  return typeof value === 'number' ? digitsOf(value) : toJson(value)
}

/** A number without an exponent, as `strconv.FormatFloat(n, 'f', -1, 64)` of Go writes it. */
function digitsOf(number: number): string {
  const [mantissa = '', exponent] = String(number).split('e')
  if (exponent === undefined) return Object.is(number, -0) ? '-0' : mantissa
  const sign = mantissa.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const shift = Number(exponent)
  return shift < 0
    ? `${sign}0.${'0'.repeat(-shift - 1)}${whole}${fraction}`
    : `${sign}${whole}${fraction.padEnd(shift, '0')}`
}
