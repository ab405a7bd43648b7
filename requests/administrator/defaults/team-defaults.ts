import { isName, labelName } from '../../../lib/name-rules.ts'
import { printable } from '../../../lib/printable.ts'
import { didYouMean } from '../../../lib/problems/did-you-mean.ts'
import {
  allInvalid,
  type Checked,
  invalid,
  type Parsed,
  valid,
} from '../../../lib/problems/parsed.ts'
import { isObject } from '../../../lib/shape.ts'
import { parsePlainYaml } from '../../annotations/objects/parse-plain-yaml.ts'
import { type PodSettings, podSettings } from '../../annotations/pod-settings.ts'
import type { TeamDefaults } from '../policy.ts'

/**
 * The annotations that can have a default in a namespace (docs/specification.md, "Defaults of a namespace"). Mount path and file
 * mode aren't among them, because pods would break at their next start after a change of the default.
 */
export const defaultKeys = [
  'agent-limits',
  'agent-requests',
  'client-id',
  'metrics',
  'refresh',
  'stale-after',
  'tenant-id',
  'vault',
] as const satisfies readonly (keyof PodSettings)[]
type DefaultKey = (typeof defaultKeys)[number]

/** A ConfigMap has at most 1 MiB. */
const bounds = { maxCharacters: 1024 * 1024, maxCostly: 100_000 }
const maxMistakes = 20
/** No valid text is longer, and strangers write annotations. */
const maxTextCharacters = 1024

/**
 * Reads the file of defaults: YAML with a mapping for each namespace.
 *
 * @returns the defaults, or every mistake with its place
 */
export function parseTeamDefaults(text: string): Checked<TeamDefaults> {
  const yaml = parsePlainYaml(text, bounds)
  if (yaml.kind === 'invalid') return allInvalid([yaml.problem])
  if (yaml.value === null) return valid(new Map())
  if (!isObject(yaml.value)) return allInvalid(['expected namespaces, each with its defaults'])
  const problems: string[] = []
  const found = new Map<string, Readonly<Record<string, string>>>()
  for (const [namespace, given] of Object.entries(yaml.value)) {
    if (problems.length >= maxMistakes) break
    const mistakes = namespaceMistakes(namespace, given)
    problems.push(
      ...mistakes.slice(0, maxMistakes).map((mistake) => `${printable(namespace)}${mistake}`),
    )
    if (mistakes.length === 0)
      found.set(namespace, (given ?? {}) as Readonly<Record<string, string>>)
  }
  return problems.length > 0 ? allInvalid(problems) : valid(found)
}

function namespaceMistakes(namespace: string, given: unknown): readonly string[] {
  if (namespace !== '*' && !isName(namespace, labelName))
    return [': expected the name of a namespace, or "*" for all that aren\'t listed']
  if (given === null) return []
  if (!isObject(given)) return [`: expected some of ${defaultKeys.join(', ')}`]
  // More entries than there are defaults have enough mistakes among them.
  const entries = Object.entries(given).slice(0, defaultKeys.length + maxMistakes)
  return entries.flatMap(([key, text]) => {
    const parsed = parseDefault(key, text)
    return parsed.kind === 'valid' ? [] : [`.${printable(key)}: ${parsed.problem}`]
  })
}

function parseDefault(key: string, text: unknown): Parsed<unknown> {
  if (!isDefaultKey(key)) return invalid(`can't have a default; ${didYouMean(key, defaultKeys)}`)
  if (typeof text !== 'string') return invalid('expected text')
  if (text.length > maxTextCharacters)
    return invalid(`expected at most ${maxTextCharacters} characters`)
  return podSettings[key](text)
}

const isDefaultKey = (key: string): key is DefaultKey =>
  (defaultKeys as readonly string[]).includes(key)

/**
 * Reads defaults that were stored with a pod, or the pod's own annotations that could have one. Whoever writes the pod may have changed
 * them, so they are checked again, and what isn't valid doesn't count.
 */
export function readDefaults(texts: Readonly<Record<string, unknown>>): Partial<PodSettings> {
  const read = defaultKeys.flatMap((key) => {
    const parsed = Object.hasOwn(texts, key) ? parseDefault(key, texts[key]) : undefined
    return parsed?.kind === 'valid' ? [[key, parsed.value] as const] : []
  })
  return Object.fromEntries(read)
}
