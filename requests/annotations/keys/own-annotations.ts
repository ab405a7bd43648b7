import { showJson } from '../../../lib/json/show-json.ts'
import { printable } from '../../../lib/printable.ts'
import { annotationPath, type FieldPath, type Problem } from '../../../lib/problems/problem.ts'
import { parseBoolean } from '../../../lib/values/parse-boolean.ts'

/** Every annotation under this prefix is ours; an unknown one is refused. */
export const annotationPrefix = 'akv-injector.io/'

/** Annotations under our prefix, which their keys no longer have. */
export type Annotations = Readonly<Record<string, string>>

/** The API server allows 256 KiB of annotations; other callers may send more. */
const maxCharacters = 256 * 1024

/**
 * Picks our annotations and removes the prefix.
 *
 * @param annotations - an object's own; in a manifest that no API server has seen, values may be numbers and booleans
 */
export function readOwnAnnotations(annotations: Readonly<Record<string, unknown>>): {
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
        path: annotationPath(key),
        subject: printable(key, 120),
        found: showJson(value),
        sentence: 'must be a string; quote the value',
      })
  }
  return { own, problems }
}

/** The path of one of our annotations. */
export const ownPath = (key: string): FieldPath => annotationPath(annotationPrefix + key)

/** A problem with the value of an annotation. */
export function valueProblem(own: Annotations, key: string, sentence: string): Problem {
  return { path: ownPath(key), found: printable(own[key] ?? ''), sentence }
}

/** True if `inject` is "false": then no other annotation counts. */
export function isTurnedOff({ inject }: Annotations): boolean {
  const parsed = inject === undefined ? undefined : parseBoolean(inject)
  return parsed !== undefined && parsed.kind === 'valid' && !parsed.value
}

/** Gives a problem if the annotations are too large to be read. */
export function sizeProblems(own: Annotations): readonly Problem[] {
  let size = 0
  for (const key in own) size += key.length + (own[key] ?? '').length
  return size <= maxCharacters
    ? []
    : [
        {
          path: ['metadata', 'annotations'],
          sentence: `found ${size} characters; accepted: at most 256 KiB`,
        },
      ]
}

/** The annotations that name objects; `FILE` stands for the name of a file. */
export const objectKeys = ['secrets', 'objects', 'template.FILE', 'env'] as const
export const templatePrefix = 'template.'

export const isObjectKey = (key: string): boolean =>
  key.startsWith(templatePrefix) || (objectKeys as readonly string[]).includes(key)

/** The annotation of a ServiceAccount that requests Secrets (docs/specification.md, "Secret sync"). */
export const syncKey = 'sync'
/** On the same ServiceAccount, written by the controller: the state of each Secret. */
export const syncStatusKey = 'sync-status'
/** On a Secret, written by the controller: the versions that the Secret holds. */
export const syncedKey = 'synced'

/** The keys of our annotations. */
export const ownKeys = (annotations: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(annotations).filter((key) => key.startsWith(annotationPrefix))
