import { closestMatch } from 'leven'
import { isVariableName, type WantedFile, type WantedVariable } from '../../init-agent/contract.ts'
import { pathConflict, targetPathProblem } from '../../init-agent/target-path.ts'
import { referenceKey, shorten } from '../../keyvault/reference.ts'
import { type Entry, parseObjectList } from './object-list.ts'
import type { Problem } from './outcome.ts'
import type { Policy } from './policy.ts'
import { annotationPrefix, keysToCome, lists, type Settings, settings } from './vocabulary.ts'

export type Annotations = Readonly<Record<string, string>>

/** What a pod's annotations ask for. */
export interface Request extends Settings {
  readonly files: readonly WantedFile[]
  readonly env: readonly WantedVariable[]
}

/** The annotations of ours, without the prefix. */
export function ownAnnotations(annotations: Annotations): Annotations {
  const own: Record<string, string> = {}
  for (const key in annotations)
    if (key.startsWith(annotationPrefix))
      own[key.slice(annotationPrefix.length)] = annotations[key] as string
  return own
}

/** The API server allows 256 KiB of annotations; others who call us allow anything. */
const maxCharacters = 256 * 1024

/**
 * Reads annotations, prefix removed, in the context of what the operator allows.
 *
 * @returns what is asked for, and every problem found; with problems the request is not to be acted on
 */
export function parseAnnotations(
  own: Annotations,
  { policy, namespace }: { readonly policy: Policy; readonly namespace: string },
): { readonly request: Request; readonly problems: readonly Problem[] } {
  const size = Object.entries(own).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  if (size > maxCharacters)
    return {
      request: { files: [], env: [] },
      problems: [
        {
          subject: 'metadata.annotations',
          sentence: `${size} characters are too many: 256 KiB at most`,
        },
      ],
    }

  const { values, problems } = readSettings(own)
  if (values['run-as']?.uid === 0 && !policy.allowRoot)
    problems.push(
      problemOf(own, 'run-as', 'the operator does not allow root (AKV_INJECTOR_ALLOW_ROOT)'),
    )

  const isVaultUnreadable = own['vault'] !== undefined && values.vault === undefined
  const defaultVault = isVaultUnreadable ? anyVault : (values.vault ?? policy.defaultVault)
  const readList = (key: (typeof lists)[number]): readonly Entry[] => {
    const { entries, problems: wrong } = parseObjectList(own[key] ?? '', defaultVault)
    for (const sentence of wrong) problems.push({ subject: annotationPrefix + key, sentence })
    if (!isVaultUnreadable) problems.push(...vaultProblems(key, entries, { policy, namespace }))
    return entries
  }
  const files = readList('secrets').map(toFile)
  const env = readList('env').map(toVariable)
  problems.push(...fileProblems(files), ...variableProblems(env))
  if (problems.length === 0 && files.length + env.length === 0)
    problems.push({
      subject: annotationPrefix + lists[0],
      sentence: `there is nothing to fetch: name objects in ${lists.map((key) => annotationPrefix + key).join(' or ')}`,
    })
  return { request: { ...values, files, env }, problems }
}

/** Stands in for a vault whose name is wrong, so that this is reported once and not again for each entry. */
const anyVault = 'unreadable'

function readSettings(own: Annotations): { values: Settings; problems: Problem[] } {
  const values: Record<string, unknown> = {}
  const problems: Problem[] = []
  for (const key of Object.keys(own)) {
    if ((lists as readonly string[]).includes(key)) continue
    if (!Object.hasOwn(settings, key)) {
      problems.push(unknownKey(key))
      continue
    }
    const parsed = settings[key as keyof Settings](own[key] as string)
    if ('value' in parsed) values[key] = parsed.value
    else problems.push(problemOf(own, key, parsed.problem))
  }
  return { values: values as Settings, problems }
}

const knownKeys: readonly string[] = [...lists, ...Object.keys(settings)]
// Kubernetes' bound for the part of a key behind the slash.
const maxKeyLength = 63

function unknownKey(key: string): Problem {
  const subject = annotationPrefix + shorten(key)
  if (keysToCome.includes(key.replace(/^template\..*/s, 'template.FILE')))
    return { subject, sentence: 'is not available yet; name objects in akv-injector.io/secrets' }
  const nearest = closestMatch(key.slice(0, maxKeyLength), knownKeys)
  return {
    subject,
    sentence: `is not known; the nearest key that is: ${annotationPrefix}${nearest}`,
  }
}

function problemOf(own: Annotations, key: string, sentence: string): Problem {
  return { subject: annotationPrefix + key, found: shorten(own[key] ?? ''), sentence }
}

const wantedOf = ({ object, optional }: Entry) => ({
  object,
  ...(optional ? ({ optional: true } as const) : {}),
})
const toFile = (entry: Entry): WantedFile => ({
  path: entry.target ?? entry.object.name,
  ...wantedOf(entry),
})
const toVariable = (entry: Entry): WantedVariable => ({
  variable: entry.target ?? entry.object.name.toUpperCase().replaceAll('-', '_'),
  ...wantedOf(entry),
})

function fileProblems(files: readonly WantedFile[]): readonly Problem[] {
  const subject = `${annotationPrefix}secrets`
  const problems = files.flatMap(({ path }) => {
    const sentence = targetPathProblem(path)
    return sentence === undefined ? [] : [{ subject, found: shorten(path), sentence }]
  })
  const conflict = pathConflict(files.map(({ path }) => path))
  if (conflict !== undefined) {
    const [a, b] = conflict.map((path) => shorten(path))
    problems.push({
      subject,
      found: b as string,
      sentence:
        a === b
          ? 'two entries would be written to this path; give one another target: TARGET=NAME'
          : `cannot be written below "${a}", which is a file; give one another target: TARGET=NAME`,
    })
  }
  return problems
}

function variableProblems(env: readonly WantedVariable[]): readonly Problem[] {
  const subject = `${annotationPrefix}env`
  const seen = new Set<string>()
  const problems: Problem[] = []
  for (const { variable, object } of env) {
    const found = shorten(variable)
    if (!isVariableName(variable))
      problems.push({
        subject,
        found,
        sentence: `is no name of a variable (letters, digits and _, no digit first); write NAME=${object.name}`,
      })
    else if (seen.has(variable))
      problems.push({
        subject,
        found,
        sentence: 'two entries would set this variable; rename one: NAME=OBJECT',
      })
    seen.add(variable)
  }
  return problems
}

function vaultProblems(
  key: string,
  entries: readonly Entry[],
  { policy, namespace }: { readonly policy: Policy; readonly namespace: string },
): readonly Problem[] {
  if (policy.allowedVaults === undefined) return []
  const allowed = policy.allowedVaults.get(namespace) ?? policy.allowedVaults.get('*') ?? new Set()
  return entries
    .filter(({ object }) => !allowed.has(object.vault))
    .map(({ object }) => ({
      subject: annotationPrefix + key,
      found: referenceKey(object),
      sentence: `the operator does not let namespace "${shorten(namespace)}" name vault "${object.vault}"; allowed: ${[...allowed].join(', ') || 'none'}`,
    }))
}
