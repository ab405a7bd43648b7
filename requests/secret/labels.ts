import { isName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import { type Field, type Read, report } from '../../lib/problems/read.ts'
import { isObject } from '../../lib/shape.ts'
import { managedByLabel } from './names.ts'

export type Labels = Readonly<Record<string, string>>

/** More than any Secret should need. Each refresh compares all of them. */
const maxEntries = 64
/** For all values of the annotations of one Secret. Each refresh compares them, and the API server stores them. */
const maxAnnotationCharacters = 16 * 1024

/** Reads the labels of a Secret by the API server's rules. Refuses the labels that the controller sets itself. */
export const readLabels: Read<Labels> = (value, at) =>
  readEntries(value, { kind: 'label', example: '{ app: web }', valueProblem: labelProblem }, at)

/** Reads the annotations of a Secret by the same rules for keys; their values are any text. */
export const readSecretAnnotations: Read<Labels> = (value, at) => {
  const before = at.problems.length
  const rules = {
    kind: 'annotation',
    example: '{ example.com/team: web }',
    valueProblem: (text: unknown) => (typeof text === 'string' ? undefined : 'expected a string'),
  } as const
  const annotations = readEntries(value, rules, at)
  if (annotations === undefined || at.problems.length > before) return annotations
  const characters = Object.values(annotations).reduce((sum, text) => sum + text.length, 0)
  return characters <= maxAnnotationCharacters
    ? annotations
    : report(at, `found ${characters} characters; accepted: at most ${maxAnnotationCharacters}`)
}

/** On objects that `kubectl apply` has written: the whole object as text. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** The labels of another object that a Secret can have, too. */
export const copyLabels = (labels: unknown): Labels =>
  copyEntries(labels, { kind: 'label', accepts: (text) => labelProblem(text) === undefined })

/** The annotations of another object that a Secret can have, too. */
export function copyAnnotations(annotations: unknown): Labels {
  let left = maxAnnotationCharacters
  return copyEntries(annotations, {
    kind: 'annotation',
    accepts({ length }) {
      if (length > left) return false
      left -= length
      return true
    },
  })
}

function copyEntries(
  value: unknown,
  rules: { readonly kind: string; readonly accepts: (text: string) => boolean },
): Labels {
  const { kind, accepts } = rules
  const entries = Object.entries(isObject(value) ? value : {}).filter(
    ([key, text]) =>
      key !== lastApplied &&
      keyProblem(key, kind) === undefined &&
      typeof text === 'string' &&
      accepts(text),
  )
  return Object.fromEntries(entries.slice(0, maxEntries)) as Labels
}

function readEntries(
  value: unknown,
  rules: {
    readonly kind: 'label' | 'annotation'
    readonly example: string
    readonly valueProblem: (value: unknown) => string | undefined
  },
  at: Field,
): Labels | undefined {
  const { kind, example, valueProblem } = rules
  if (!isObject(value)) return report(at, `expected names and values, such as ${example}`)
  const entries = Object.entries(value)
  if (entries.length > maxEntries)
    return report(at, `found ${entries.length}; accepted: at most ${maxEntries}`)
  for (const [key, text] of entries) {
    const problem = keyProblem(key, kind) ?? valueProblem(text)
    if (problem === undefined) continue
    const field = { path: [...at.path, key], subject: `${kind} ${printable(key)}` }
    at.problems.push({ ...field, sentence: problem })
  }
  return Object.fromEntries(entries) as Labels
}

/** Valid both for the part of a key after the slash and for a value. */
const plain = /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/

function keyProblem(key: string, kind: string): string | undefined {
  const slash = key.indexOf('/')
  const [domain, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)]
  if (!plain.test(name) || (domain !== undefined && !isName(domain, subdomainName)))
    return 'expected NAME or DOMAIN/NAME, the name of at most 63 letters, digits, "-", "_" and "."'
  const isOurs = key === managedByLabel || /(^|\.)akv-injector\.io$/.test(domain ?? '')
  return isOurs ? `the controller sets this ${kind} itself; remove it` : undefined
}

function labelProblem(value: unknown): string | undefined {
  return typeof value === 'string' && (value === '' || plain.test(value))
    ? undefined
    : 'expected a string of at most 63 letters, digits, "-", "_" and ".", a letter or digit at each end'
}
