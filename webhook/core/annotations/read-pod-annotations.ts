import type { WantedFile, WantedTemplate, WantedVariable } from '../../../init-agent/contract.ts'
import { printable } from '../../../lib/printable.ts'
import type { Problem } from '../../../lib/problem.ts'
import { showJson } from '../../../lib/show-json.ts'
import type { Policy } from '../policy.ts'
import { type Objects, readObjects } from './read-objects.ts'
import { problemOf, readSettings, sizeProblems } from './read-values.ts'
import { pathProblems, variableProblems } from './target-problems.ts'
import { chooseVaults } from './vault-choice.ts'
import {
  annotationPrefix,
  isObjectKey,
  objectKeys,
  type Settings,
  settings,
  strangeOnPod,
} from './vocabulary.ts'

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
        subject: printable(key, 120),
        found: showJson(value),
        sentence: 'must be a string; quote the value',
      })
  }
  return { own, problems }
}

/**
 * Reads annotations, prefix removed, in the context of what the operator allows.
 *
 * @returns what is asked for, and every problem found; with problems the request is not to be acted on
 */
export function parseAnnotations(
  own: Annotations,
  { policy, namespace }: { readonly policy: Policy; readonly namespace: string },
): { readonly request: Request; readonly problems: readonly Problem[] } {
  const excess = sizeProblems(own)
  if (excess.length > 0) return { request: { files: [], templates: [], env: [] }, problems: excess }

  const { values, problems } = readSettings(own, {
    table: settings,
    isOther: isObjectKey,
    strangeKey: strangeOnPod,
  })
  if (values['run-as']?.uid === 0 && !policy.allowRoot)
    problems.push(
      problemOf(own, 'run-as', 'the operator does not allow root (AKV_INJECTOR_ALLOW_ROOT)'),
    )

  const choice = chooseVaults(own, { vault: values.vault, policy, namespace })
  const wanted = readObjects(own, choice.defaultVault)
  problems.push(
    ...wanted.problems,
    ...choice.vaultProblems(vaultsOf(wanted)),
    ...pathProblems(wanted.files, wanted.templates),
    ...variableProblems(wanted.env),
  )
  const files = wanted.files.map(({ wanted }) => wanted)
  const templates = wanted.templates.map(({ wanted }) => wanted)
  const env = wanted.env.map(({ wanted }) => wanted)
  if (problems.length === 0 && files.length + templates.length + env.length === 0)
    problems.push({
      subject: `${annotationPrefix}secrets`,
      sentence: `there is nothing to fetch: name objects in ${objectKeys.map((key) => annotationPrefix + key).join(', ')}`,
    })
  return { request: { ...values, files, templates, env }, problems }
}

function vaultsOf({ files, templates, env }: Objects): readonly string[] {
  const inTemplates = templates.flatMap(({ wanted }) =>
    wanted.segments.filter((one) => typeof one !== 'string'),
  )
  const elsewhere = [...files, ...env].map(({ wanted }) => wanted)
  return [...elsewhere, ...inTemplates].map(({ object }) => object.vault)
}
