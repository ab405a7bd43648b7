import { closestMatch } from 'leven'
import type { WantedFile, WantedTemplate, WantedVariable } from '../../init-agent/contract.ts'
import { shorten } from '../../keyvault/reference.ts'
import { readObjects } from './objects.ts'
import type { Problem } from './outcome.ts'
import type { Policy } from './policy.ts'
import { pathProblems, variableProblems } from './target-problems.ts'
import { annotationPrefix, isObjectKey, objectKeys, type Settings, settings } from './vocabulary.ts'

export type Annotations = Readonly<Record<string, string>>

/** What a pod's annotations ask for. */
export interface Request extends Settings {
  readonly files: readonly WantedFile[]
  readonly templates: readonly WantedTemplate[]
  readonly env: readonly WantedVariable[]
}

/**
 * The annotations of ours, without the prefix.
 *
 * @param annotations - as the pod has them; a manifest that no API server has seen may hold numbers and booleans
 */
export function ownAnnotations(annotations: Readonly<Record<string, unknown>>): {
  readonly own: Annotations
  readonly problems: readonly Problem[]
} {
  const own: Record<string, string> = Object.create(null)
  const problems: Problem[] = []
  for (const key in annotations) {
    if (!key.startsWith(annotationPrefix)) continue
    const value = annotations[key]
    if (typeof value === 'string') own[key.slice(annotationPrefix.length)] = value
    else
      problems.push({
        subject: shorten(key, 120),
        found: shorten(JSON.stringify(value) ?? ''),
        sentence: 'annotations are texts: write the value in quotes',
      })
  }
  return { own, problems }
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
    // An answer names a hundred at most, and looking for the nearest key takes its time.
    if (problems.length > maxReported) break
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

const maxReported = 100
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
