import { maxKeptProblems } from '../../lib/problems/problem.ts'
import { isObject } from '../../lib/shape.ts'
import { parseSecretName } from '../account/secret-entry.ts'
import type { ComposedTemplate } from '../secret/composition.ts'
import { readLabels, readSecretAnnotations } from '../secret/labels.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import { dataKeyProblem, opaqueType, parseSecretType } from '../secret/secret-types.ts'
import { type CheckedTemplates, checkTemplate, maxTemplates } from './check-template.ts'
import { below, only, type Place, readMembers, refused, report, text, wrong } from './members.ts'

/** The keys that each template needs, by the key that it makes. */
export type NeededKeys = ReadonlyMap<string, ReadonlySet<string>>

interface ReadTarget {
  readonly secret: RequestedSecret
  readonly needed: NeededKeys
  /** Absent if the keys are written as they are fetched. */
  readonly template?: ComposedTemplate
}

/**
 * Reads `spec.target` of an ExternalSecret.
 *
 * @param options - `name`: of the ExternalSecret, which is the default for the name of the Secret; `templates`: those that have
 *   been checked already
 * @param place - of `spec.target`; problems are added to it
 */
export function readTarget(
  value: unknown,
  { name, templates = new Map() }: { readonly name: string; readonly templates?: CheckedTemplates },
  place: Place,
): ReadTarget {
  const target = {
    name,
    type: opaqueType,
    labels: {} as RequestedSecret['labels'],
    annotations: undefined as RequestedSecret['annotations'],
    template: undefined as ComposedTemplate | undefined,
  }
  const needed = new Map<string, ReadonlySet<string>>()
  const metadata = metadataReader(target)
  const readTemplate = (found: unknown, at: Place) => {
    const data = new Map<string, string>()
    let isMerged = false
    readMembers(found, at, {
      type: (type, inside) => {
        const parsed = parseSecretType(type)
        if (parsed.kind === 'valid') target.type = parsed.value
        else wrong(inside, type, parsed.problem)
      },
      engineVersion: only(['v2']),
      mergePolicy: text((policy, inside) => {
        isMerged = policy === 'Merge'
        only(['Replace', 'Merge'])(policy, inside)
      }),
      metadata,
      data: (texts, inside) => readTemplates(texts, { data, needed, templates }, inside),
      templateFrom: refused('write the templates into template.data'),
    })
    if (data.size > 0) target.template = { data, keepsInputs: isMerged }
  }
  readMembers(value ?? {}, place, {
    name: text((found) => {
      target.name = found
    }),
    creationPolicy: only(['Owner'], '. The controller owns each Secret that it makes'),
    deletionPolicy: only(['Retain']),
    immutable: only([false]),
    template: readTemplate,
    manifest: refused('only Secrets are made; remove it'),
  })
  const parsed = parseSecretName(target.name)
  if (parsed.kind === 'invalid') wrong(below(place, 'name'), target.name, parsed.problem)
  return {
    secret: {
      name: target.name,
      type: target.type,
      labels: target.labels,
      ...(target.annotations && { annotations: target.annotations }),
    },
    needed,
    ...(target.template && { template: target.template }),
  }
}

const metadataReader =
  (target: { labels: RequestedSecret['labels']; annotations: RequestedSecret['annotations'] }) =>
  (value: unknown, place: Place): void =>
    readMembers(value, place, {
      labels: (labels, at) => {
        const read = readLabels(labels)
        target.labels = read.labels
        addProblems(labels, read.problems, at)
      },
      annotations: (annotations, at) => {
        const read = readSecretAnnotations(annotations)
        target.annotations = read.labels
        addProblems(annotations, read.problems, at)
      },
      finalizers: refused('a Secret with finalizers could not be deleted'),
    })

/** Metadata may not contain templates: everybody who may list Secrets' metadata would see the values. */
function addProblems(values: unknown, found: readonly string[], place: Place): void {
  const isTemplate = (value: unknown) => typeof value === 'string' && value.includes('{{')
  const hasTemplate = isObject(values) && Object.values(values).some(isTemplate)
  const sentences = hasTemplate
    ? [
        'a template is not supported here; write plain text, because a value in metadata is not secret',
      ]
    : found
  for (const sentence of sentences) report(place, sentence)
}

/** Checks each template, to find its mistakes. */
function readTemplates(
  value: unknown,
  {
    data,
    needed,
    templates,
  }: {
    readonly data: Map<string, string>
    readonly needed: Map<string, ReadonlySet<string>>
    readonly templates: CheckedTemplates
  },
  place: Place,
): void {
  if (!isObject(value)) {
    wrong(place, value, 'expected keys and templates')
    return
  }
  const entries = Object.entries(value)
  if (entries.length > maxTemplates)
    return void report(place, `found ${entries.length} keys; accepted: at most ${maxTemplates}`)
  for (const [key, source] of entries) {
    if (place.problems.length >= maxKeptProblems) return
    const at = below(place, key)
    const keyProblem = dataKeyProblem(key)
    if (keyProblem !== undefined) wrong(place, key, keyProblem)
    else if (typeof source !== 'string') wrong(at, source, 'expected a string')
    else {
      const checked = templates.get(source) ?? checkTemplate(source)
      if (checked.kind === 'valid') {
        data.set(key, source)
        needed.set(key, checked.value)
      } else report(at, checked.problem)
    }
  }
}
