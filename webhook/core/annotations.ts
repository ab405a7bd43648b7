import { closestMatch } from 'leven'
import {
  isVariableName,
  type WantedFile,
  type WantedTemplate,
  type WantedVariable,
} from '../../init-agent/contract.ts'
import { claimedPaths, pathConflict, targetPathProblem } from '../../init-agent/target-path.ts'
import { shorten } from '../../keyvault/reference.ts'
import { readObjects } from './objects.ts'
import type { Problem } from './outcome.ts'
import type { Policy } from './policy.ts'
import { annotationPrefix, isObjectKey, objectKeys, type Settings, settings } from './vocabulary.ts'

export type Annotations = Readonly<Record<string, string>>

/** What a pod's annotations ask for. */
export interface Request extends Settings {
  readonly files: readonly WantedFile[]
  readonly templates: readonly WantedTemplate[]
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
  if (size > maxCharacters) return refused(`${size} characters are too many: 256 KiB at most`)

  const { values, problems } = readSettings(own)
  if (values['run-as']?.uid === 0 && !policy.allowRoot)
    problems.push(
      problemOf(own, 'run-as', 'the operator does not allow root (AKV_INJECTOR_ALLOW_ROOT)'),
    )

  const isVaultUnreadable = own['vault'] !== undefined && values.vault === undefined
  const defaultVault = isVaultUnreadable ? anyVault : (values.vault ?? policy.defaultVault)
  const wanted = readObjects(own, defaultVault)
  problems.push(...wanted.problems)
  if (!isVaultUnreadable) problems.push(...vaultProblems(wanted, { policy, namespace }))
  const { files, templates, env } = wanted
  problems.push(...pathProblems(files, templates), ...variableProblems(env))
  if (problems.length === 0 && files.length + templates.length + env.length === 0)
    problems.push({
      subject: `${annotationPrefix}secrets`,
      sentence: `there is nothing to fetch: name objects in ${objectKeys.map((key) => annotationPrefix + key).join(', ')}`,
    })
  return { request: { ...values, files, templates, env }, problems }
}

function refused(sentence: string) {
  return {
    request: { files: [], templates: [], env: [] },
    problems: [{ subject: 'metadata.annotations', sentence }],
  }
}

/** Stands in for a vault whose name is wrong, so that this is reported once and not again for each entry. */
const anyVault = 'unreadable'

function readSettings(own: Annotations): { values: Settings; problems: Problem[] } {
  const values: Record<string, unknown> = {}
  const problems: Problem[] = []
  for (const key of Object.keys(own)) {
    if (isObjectKey(key)) continue
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

const knownKeys: readonly string[] = [...objectKeys, ...Object.keys(settings)]
// Kubernetes' bound for the part of a key behind the slash.
const maxKeyLength = 63

function unknownKey(key: string): Problem {
  const nearest = closestMatch(key.slice(0, maxKeyLength), knownKeys)
  return {
    subject: annotationPrefix + shorten(key),
    sentence: `is not known; the nearest key that is: ${annotationPrefix}${nearest}`,
  }
}

function problemOf(own: Annotations, key: string, sentence: string): Problem {
  return { subject: annotationPrefix + key, found: shorten(own[key] ?? ''), sentence }
}

function pathProblems(
  files: readonly WantedFile[],
  templates: readonly WantedTemplate[],
): readonly Problem[] {
  const paths = [...files.flatMap(claimedPaths), ...templates.map(({ path }) => path)]
  const subject = 'the files'
  const problems = paths.flatMap((path) => {
    const sentence = targetPathProblem(path)
    return sentence === undefined ? [] : [{ subject, found: shorten(path), sentence }]
  })
  const conflict = pathConflict(paths)
  if (conflict !== undefined) {
    const [a, b] = conflict.map((path) => shorten(path))
    problems.push({
      subject,
      found: b as string,
      sentence:
        a === b
          ? 'two entries would be written to this path; give one another target: TARGET=NAME'
          : `cannot be written below "${a}", which another entry writes; give one another target: TARGET=NAME`,
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
  { files, templates, env }: Pick<Request, 'files' | 'templates' | 'env'>,
  { policy, namespace }: { readonly policy: Policy; readonly namespace: string },
): readonly Problem[] {
  if (policy.allowedVaults === undefined) return []
  const allowed = policy.allowedVaults.get(namespace) ?? policy.allowedVaults.get('*') ?? new Set()
  const inTemplates = templates.flatMap(({ segments }) =>
    segments.filter((one) => typeof one !== 'string'),
  )
  const vaults = [...files, ...inTemplates, ...env].map(({ object }) => object.vault)
  return [...new Set(vaults)]
    .filter((vault) => !allowed.has(vault))
    .map((vault) => ({
      subject: 'the vaults',
      found: vault,
      sentence: `the operator does not let namespace "${shorten(namespace)}" name this vault; allowed: ${[...allowed].join(', ') || 'none'}`,
    }))
}
