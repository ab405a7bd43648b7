import { isName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import { isObject } from '../../lib/shape.ts'
import { managedByLabel } from '../names.ts'

export type Labels = Readonly<Record<string, string>>

/** More than any Secret should need. Each refresh compares all of them. */
const maxLabels = 64

/** Reads the labels of a Secret by the API server's rules. Refuses the labels that the controller sets itself. */
export function readLabels(value: unknown): {
  readonly labels: Labels
  readonly problems: readonly string[]
} {
  if (value == null) return { labels: {}, problems: [] }
  if (!isObject(value))
    return { labels: {}, problems: ['labels: expected names and values, such as { app: web }'] }
  const entries = Object.entries(value)
  if (entries.length > maxLabels)
    return {
      labels: {},
      problems: [`labels: found ${entries.length}; accepted: at most ${maxLabels}`],
    }
  const problems = entries.flatMap(([key, text]) => {
    const problem = keyProblem(key) ?? valueProblem(text)
    return problem === undefined ? [] : [`label ${printable(key)}: ${problem}`]
  })
  return { labels: Object.fromEntries(entries) as Labels, problems }
}

/** Valid both for the part of a key after the slash and for a value. */
const plain = /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/

function keyProblem(key: string): string | undefined {
  const slash = key.indexOf('/')
  const [domain, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)]
  if (!plain.test(name) || (domain !== undefined && !isName(domain, subdomainName)))
    return 'expected NAME or DOMAIN/NAME, the name of at most 63 letters, digits, "-", "_" and "."'
  const isOurs = key === managedByLabel || /(^|\.)akv-injector\.io$/.test(domain ?? '')
  return isOurs ? 'the controller sets this label itself; remove it' : undefined
}

function valueProblem(value: unknown): string | undefined {
  return typeof value === 'string' && (value === '' || plain.test(value))
    ? undefined
    : 'expected a string of at most 63 letters, digits, "-", "_" and ".", a letter or digit at each end'
}
